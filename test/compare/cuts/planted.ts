import { ReferenceCutter } from '../../../src/app/compare/reference.js';
import type { Reference } from '../../../src/compare/cuts/cause.js';
import { type HeldCut, holdCut } from '../../../src/compare/cuts/explain.js';
import type { CutPacket } from '../../../src/compare/cuts/packet.js';
import type { Flow } from '../../../src/skb/flow.js';
import { noise } from '../../wire/helpers.js';

const cutter = new ReferenceCutter();

/** A datagram of `flow`, and how what `change` makes of its packets is held, as if a file had them. */
export function held(
  flow: Flow,
  len: number,
  change: (packets: CutPacket[]) => readonly CutPacket[],
  way = 'file',
): HeldCut {
  const reference = cutter.cut(flow, 4711, noise(len, 7));
  return holdCut(reference, change(copies(reference)), way);
}

/** The packets of ours as somebody else's: nothing shared. */
export function copies({ packets }: Reference): CutPacket[] {
  return packets.map((one) => ({ ...one, header: one.header.slice(), payload: one.payload.slice() }));
}

/** What is unexplained, as `2 ttl 64 9`. */
export function leftOf({ left }: HeldCut): string[] {
  return left.map(({ fragment, field, from, to }) => `${fragment} ${field} ${from} ${to}`);
}
