import type { ExtensionHeader } from '../../skb/flow.js';
import type { Arrival } from '../common/arrival.js';

/** One question to the path: datagrams of one kind, and what they are made to look like. */
export interface Probe {
  readonly name: ProbeName;
  /** For people: what it is. */
  readonly title: string;
  /** Octets of UDP payload. */
  readonly size: number;
  /** Largest packet, octets; what the path carries where left out. */
  readonly mtu?: number;
  readonly dontFragment?: boolean;
  readonly ttl?: number;
  /** IPv4 options, a multiple of 4 octets. */
  readonly options?: Uint8Array;
  readonly extensionHeaders?: readonly ExtensionHeader[];
  /** In the language of plans. */
  readonly plan?: string;
  /** Datagrams to send, in a row. */
  readonly count: number;
  /** Milliseconds between two of them. */
  readonly gapMs: number;
  /** Milliseconds to wait for what does not come; default a second. */
  readonly patienceMs?: number;
}

export type ProbeName =
  | 'small'
  | 'full'
  | 'full-df'
  | 'fragments-small'
  | 'fragments-full'
  | 'reverse'
  | 'tiny'
  | 'ttl'
  | 'options'
  | 'options-fragments'
  | 'burst'
  | 'burst-fragments'
  | 'first-only'
  | `limit-fragments-${number}`
  | `wait-${number}`
  | `size-${number}`
  | `packet-${number}`;

/** How the far end answers, from the most telling to the least. */
export type AnswerKind = 'report' | 'echo' | 'closed-port';

/** What became of a probe. */
export interface Outcome {
  readonly probe: Probe;
  /** Datagrams that went out whole. */
  readonly sent: number;
  /** Datagrams answered for at least once. */
  readonly arrived: number;
  /** Answers beyond the first to the same datagram. */
  readonly extra: number;
  /** Answered for, but with another payload. */
  readonly damaged: number;
  /** Datagrams that were overtaken by a later one. */
  readonly overtaken: number;
  /** Reports, also of datagrams of which only a part arrived; empty for other kinds of answers. */
  readonly arrivals: readonly Arrival[];
  /** Path MTUs that ICMP told of meanwhile, and who said so. */
  readonly tooBig: readonly { readonly mtu: number; readonly by: string | null }[];
  /** Milliseconds until ICMP said that reassembly took too long (type 11 or 3, code 1); null where it did not. */
  readonly timeExceededMs: number | null;
  /** What a send failed with; null where all went out. */
  readonly failed: string | null;
  /** Our own end as it was sent from. */
  readonly source: { readonly address: string; readonly port: number };
}

/** Whether at least half of the datagrams arrived: what a filter drops, it always drops, and a path may be lossy. */
export function passed(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && outcome.arrived > 0 && outcome.arrived * 2 >= outcome.sent;
}

/** Whether nobody was asked: none of it could be sent, and no ICMP says that this is an answer, too. */
export function unasked({ sent, tooBig }: Outcome): boolean {
  return sent === 0 && tooBig.length === 0;
}

/** Both times that a question was asked, as one. */
export function together(first: Outcome, again: Outcome): Outcome {
  return {
    ...again,
    sent: first.sent + again.sent,
    arrived: first.arrived + again.arrived,
    extra: first.extra + again.extra,
    damaged: first.damaged + again.damaged,
    overtaken: first.overtaken + again.overtaken,
    arrivals: [...first.arrivals, ...again.arrivals],
    tooBig: [...first.tooBig, ...again.tooBig.filter(({ mtu }) => first.tooBig.every((one) => one.mtu !== mtu))],
    timeExceededMs: first.timeExceededMs ?? again.timeExceededMs,
    failed: again.failed ?? first.failed,
  };
}
