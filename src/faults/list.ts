import { argumentError } from '../errors.js';
import { endOf, type PlanPacket, placed, placeOf } from './packet.js';
import type { StepContext } from './step.js';

/** Octets of IP payload that a fragment with this header may carry, a multiple of 8. */
export function roomIn({ header }: PlanPacket, { mtu }: StepContext): number {
  return (mtu - header.length) & ~7;
}

/** Where position `i` (1 the first, −1 the last) is in the list. @throws argument error */
export function at(fragments: readonly PlanPacket[], i: number): number {
  const position = i > 0 ? i - 1 : fragments.length + i;
  if (position >= 0 && position < fragments.length) return position;
  const most = fragments.length;
  throw argumentError('fragment', i, most === 0 ? 'nothing: none is left' : `1 … ${most} or −${most} … −1 here`);
}

/** The list with what stands at `position` replaced. */
export function replaced(
  fragments: readonly PlanPacket[],
  position: number,
  ...by: readonly PlanPacket[]
): PlanPacket[] {
  return fragments.toSpliced(position, 1, ...by);
}

/** @throws argument error where the datagram has not enough fragments for what is asked */
export function atLeast(fragments: readonly PlanPacket[], count: number): void {
  if (fragments.length >= count) return;
  throw argumentError('fragments', fragments.length, `at least ${count}`, 'send more octets, or give a smaller MTU');
}

/** Position of the fragment that ends its datagram: the one with the highest offset of those without MF. */
export function lastInDatagram(fragments: readonly PlanPacket[]): number {
  let found = -1;
  fragments.forEach((fragment, position) => {
    const isLater = found < 0 || placeOf(fragment).offset >= placeOf(fragments[found]!).offset;
    if (!placeOf(fragment).more && isLater) found = position;
  });
  if (found < 0) throw argumentError('fragments', fragments.length, 'one that ends the datagram (MF 0)');
  return found;
}

/**
 * Cuts one fragment as a router cuts again (RFC 791 §2.3): each piece as long as `sizes` says in turn, the last size for
 * all that follow; only the last piece keeps its MF.
 */
export function recut(fragment: PlanPacket, sizes: readonly number[], context: StepContext, first = 0): PlanPacket[] {
  const { payload } = fragment;
  const { offset, more, ident } = placeOf(fragment);
  const pieces: PlanPacket[] = [];
  for (let from = 0, turn = first; from < payload.length; turn++) {
    const to = Math.min(payload.length, from + sizes[Math.min(turn, sizes.length - 1)]!);
    pieces.push(
      placed(fragment, {
        offset: offset + from,
        more: more || to < payload.length,
        ident: ident || context.ident,
        payload: payload.subarray(from, to),
      }),
    );
    from = to;
  }
  return pieces;
}

/** Neighbours in the list whose octets follow each other, joined again: what they were before they were cut. */
export function joined(fragments: readonly PlanPacket[]): PlanPacket[] {
  const runs: PlanPacket[][] = [];
  for (const fragment of fragments) {
    const run = runs.at(-1);
    if (run !== undefined && follows(run.at(-1)!, fragment)) run.push(fragment);
    else runs.push([fragment]);
  }
  return runs.map((run) => {
    if (run.length === 1) return run[0]!;
    const payload = Buffer.concat(run.map((fragment) => fragment.payload));
    return placed(run[0]!, { payload, offset: placeOf(run[0]!).offset, more: placeOf(run.at(-1)!).more });
  });
}

function follows(before: PlanPacket, after: PlanPacket): boolean {
  const { ident, more } = placeOf(before);
  const next = placeOf(after);
  return more && next.ident === ident && next.offset === endOf(before) && after.datagram === before.datagram;
}
