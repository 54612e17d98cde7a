import type { AnswerKind, Outcome, ProbeName } from './probe.js';

/** All outcomes of one family, and what was searched for in between. */
export interface Evidence {
  readonly family: 4 | 6;
  readonly kind: AnswerKind | null;
  readonly outcomes: ReadonlyMap<ProbeName, Outcome>;
  /** Octets of the largest packet that passes whole, where a full one does not. */
  readonly largestPacket: number | null;
  /** Octets of payload of the largest datagram that passes, where the largest possible does not. */
  readonly largestDatagram: number | null;
}
