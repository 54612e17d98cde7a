import type { RateWish } from '../../options/parse-rate.js';
import type { SendSummary } from '../../socket/flight/datagram.js';
import type { SocketOptions } from '../../socket/options.js';
import type { IdentKeys } from '../../ufo/ident.js';

/** What one of several senders is told when it is started; everything in it can be cloned into another thread or process. */
export interface QueueSetup {
  /** This one of how many. */
  readonly index: number;
  readonly queues: number;
  /** The same for all of them: with the index they make ids that never collide. */
  readonly identKeys: IdentKeys;
  readonly socket: Omit<SocketOptions, 'signal' | 'idents'>;
  readonly source: { readonly address: string | undefined; readonly port: number };
  readonly destination: { readonly address: string; readonly port: number };
  /** Generated payloads, all different: sequences `index`, `index + queues`, … */
  readonly payload: { readonly size: number; readonly seed: number };
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

/** From a sender. */
export type QueueAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'sent'; readonly summary: SendSummary; readonly seconds: number }
  | {
      readonly type: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint?: string | undefined;
      readonly argument?: string | undefined;
    };
