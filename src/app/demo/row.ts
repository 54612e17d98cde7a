import { UfoError } from '../../errors.js';
import type { SendResult } from '../../socket/flight/datagram.js';
import type { DatagramVerdict } from '../../verify/verdict.js';
import type { DemoCase } from './cases.js';
import type { FarReceived } from './far-receiver.js';

/** One datagram of the demo and what became of it. */
export interface DemoRow extends DemoCase {
  readonly type: 'datagram';
  readonly way: string;
  readonly why: string;
  readonly ident: number | null;
  /** IP packets sent, and captured on the far interface. */
  readonly fragments: number;
  readonly captured: number;
  /** Of our verifier, and of the comparison with what was sent; null where no fragment of the datagram was captured. */
  readonly verdict: DatagramVerdict['verdict'] | null;
  /** The socket on the far host was given the same octets. */
  readonly delivered: boolean;
  /** What does not hold; empty where all does. */
  readonly faults: readonly string[];
}

/** What was seen of one datagram. */
export interface DemoSighting {
  /** What sending came to, or what stopped it. */
  readonly sent: SendResult | UfoError;
  readonly sha256: string;
  readonly received: FarReceived | null;
  /** As held against what was sent. */
  readonly verdict: DatagramVerdict | null;
}

/** Holds a datagram's sightings against each other and against what the case says. */
export function demoRow(one: DemoCase, { sent, sha256, received, verdict }: DemoSighting): DemoRow {
  const failure = sent instanceof UfoError ? sent : null;
  const {
    way = 'failed',
    why = failure?.message ?? '',
    ident = null,
    fragmentsSent = 0,
  } = sent instanceof UfoError ? {} : sent;
  const captured = verdict === null ? 0 : Math.max(1, verdict.fragments) + verdict.duplicates;
  const delivered = received?.sha256 === sha256;
  const faults =
    failure !== null
      ? [failure.message]
      : [
          ...(fragmentsSent === one.packets ? [] : [`sent ${fragmentsSent} packets, want ${one.packets}`]),
          ...(captured === one.packets ? [] : [`captured ${captured} packets, want ${one.packets}`]),
          ...(verdict === null || verdict.verdict === 'good' ? [] : [verdict.verdict, ...verdict.mismatches]),
          ...(delivered ? [] : [received === null ? 'not delivered' : 'other octets were delivered']),
        ];
  return {
    type: 'datagram',
    ...one,
    ...{ way, why, ident, fragments: fragmentsSent, captured },
    ...{ verdict: verdict?.verdict ?? null, delivered, faults },
  };
}
