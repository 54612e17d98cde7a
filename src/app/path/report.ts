import type { FarEnd } from './far-end.js';
import type { Finding } from './finding.js';
import type { AnswerKind, Outcome } from './probe.js';

/** What one family's path does, as `--json` prints it. */
export interface PathReport {
  readonly type: 'path';
  readonly family: 4 | 6;
  readonly address: string;
  readonly answers: AnswerKind | null;
  /** Of the way out before anything was sent, octets. */
  readonly mtu: number;
  readonly outcomes: readonly Outcome[];
  readonly largestPacket: number | null;
  readonly largestDatagram: number | null;
  /** Null unless it was asked for. */
  readonly farEnd: FarEnd | null;
  readonly findings: readonly Finding[];
}
