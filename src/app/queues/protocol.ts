import type { ExpectedDatagram } from '../../compare/expected.js';
import type { RateWish } from '../../options/parse-rate.js';
import type { PayloadSizes } from '../../payload/sizes.js';
import type { SentCounts } from '../../socket/flight/counts.js';
import type { SendSummary } from '../../socket/flight/datagram.js';
import type { SocketOptions } from '../../socket/options.js';
import type { PathInfo } from '../../socket/path/info.js';
import type { IdentKeys, IdentStretch } from '../../ufo/ident.js';
import type { FlowCount, FlowPath, FlowWish } from '../common/flows.js';

/** What one of several senders is told when it is started; everything in it can be cloned into another thread or process. */
export interface QueueSetup {
  /** This one of how many. */
  readonly index: number;
  readonly queues: number;
  /** The same for all of them: with the index they make ids that never collide. */
  readonly identKeys: IdentKeys;
  /** Ids that count up, each sender in a stretch of its own; without it they are random. */
  readonly idents?: Omit<IdentStretch, 'share'> | undefined;
  /** Reports tell what is to be seen of every datagram. */
  readonly tells?: boolean | undefined;
  readonly socket: Omit<SocketOptions, 'signal' | 'idents'>;
  /** Broadcast addresses may be sent to. */
  readonly broadcast?: boolean | undefined;
  /** Each sender binds a port of its own: the next ones, or those that are listed. */
  readonly source: {
    readonly address: string | undefined;
    readonly port: number;
    readonly ports?: readonly number[] | undefined;
  };
  readonly destination: { readonly address: string; readonly port: number };
  /** Several flows instead, of all senders together. */
  readonly flows?: FlowWish | null | undefined;
  /** Generated payloads, all different: sequences `index`, `index + queues`, … */
  readonly payload: { readonly size: PayloadSizes; readonly seed: number; readonly timestamps?: boolean | undefined };
}

/** One stretch of sending, of one sender. */
export interface QueueShare {
  readonly type: 'send';
  /** Datagrams at most; may be Infinity. */
  readonly count: number;
  /** Milliseconds at most; may be Infinity. */
  readonly durationMs: number;
  readonly rate: RateWish | undefined;
}

/** To a sender. */
export type QueueOrder = QueueShare | { readonly type: 'stop' } | { readonly type: 'close' };

/** Where a sender's datagrams go; what of it can be cloned. */
export type QueuePath = Omit<PathInfo, 'packets'>;

/** From a sender, some times a second while it sends and once at the end. */
export interface QueueReport {
  readonly type: 'report';
  /** Everything that had gone by then is in it or in an earlier one; milliseconds since the epoch. */
  readonly at: number;
  readonly counts: SentCounts;
  /** What became of datagrams since the last one. */
  readonly told: readonly ExpectedDatagram[];
}

/** From a sender. */
export type QueueAnswer =
  | QueueReport
  | { readonly type: 'ready'; readonly path: QueuePath; readonly flows: readonly FlowPath[] }
  | { readonly type: 'sent'; readonly summary: SendSummary; readonly flows: readonly FlowCount[] | null }
  | {
      readonly type: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint?: string | undefined;
      readonly argument?: string | undefined;
    };
