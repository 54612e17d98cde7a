import { argumentError } from '../../errors.js';
import * as ipv6 from '../../wire/ipv6.js';
import { DESTINATION_OPTIONS } from '../../wire/ipv6-extension.js';
import { at, atLeast, joined, lastInDatagram, recut, replaced, roomIn } from '../list.js';
import {
  fragmentHeaderAt,
  type PlanPacket,
  packetLen,
  placed,
  placeOf,
  repaired,
  viewOf,
  withFragmentHeader,
} from '../packet.js';
import { index, optional, rest, whole } from '../parameters.js';
import type { Step, StepContext } from '../step.js';

type List = readonly PlanPacket[];

/** Largest share of an IP payload that a fragment may be asked to carry. */
const MOST = 65_528;
/** Destination options that carry nothing: a PadN over 14 octets. */
const PADDING_HEADER = Uint8Array.of(0, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/** Steps that cut the datagram elsewhere. */
export const CUT_STEPS: readonly Step[] = [
  {
    name: 'tiny',
    parameters: [optional({ ...whole('octets', 8, MOST, 8), wants: '8, 16, … octets' }, 8)],
    does: 'the first fragment carries only so many octets (8): ports and length, nothing of a TCP header',
    example: [8],
    demands:
      'put together by hosts; a filter may drop it: RFC 1858 §3 and RFC 3128 are about TCP, UDP ports are in 8 octets',
    apply: (fragments: List, context: StepContext, octets: number) =>
      joined(fragments).flatMap((one) =>
        placeOf(one).offset === 0 ? cut(one, [octets, roomOf(one, context)], context) : recutToRoom(one, context),
      ),
  },
  {
    name: 'sizes',
    parameters: [rest({ ...whole('octets', 8, MOST, 8), wants: '8, 16, … octets' })],
    does: 'cuts at these sizes in turn; the last one is for all that follow',
    example: [8, 16, 24],
    demands: 'any cut in multiples of 8 is put together: RFC 791 §2.3, RFC 8200 §4.5',
    apply: (fragments: List, context: StepContext, sizes: readonly number[]) =>
      joined(fragments).flatMap((one) => cut(one, sizes, context)),
  },
  {
    name: 'unaligned',
    parameters: [optional(index, 1), optional(whole('octets', 1, 7), 1)],
    does: 'fragment i carries so many octets (1) less than its multiple of 8, and says MF',
    example: [1, 1],
    demands:
      'IPv6: discarded, Parameter Problem code 0 with pointer 4 (payload length): RFC 8200 §4.5; IPv4: RFC 791 §3.1',
    apply: (fragments: List, _context: StepContext, i: number, less: number) => {
      atLeast(fragments, 2);
      const place = at(fragments, i);
      const fragment = fragments[place]!;
      if (!placeOf(fragment).more) throw argumentError('fragment', i, 'one that does not end the datagram');
      return replaced(fragments, place, placed(fragment, { payload: fragment.payload.subarray(0, -less) }));
    },
  },
  {
    name: 'zero-last',
    parameters: [],
    does: 'ends the datagram by a fragment without octets (what was last is filled up with zeros to a multiple of 8)',
    example: [],
    demands:
      'carries nothing and is no fragment that a host makes; it may be taken or discarded: RFC 791 §2.3, RFC 8200 §4.5',
    apply: (fragments: List, context: StepContext) => {
      const place = lastInDatagram(fragments);
      const last = fragments[place]!;
      const filled = new Uint8Array((last.payload.length + 7) & ~7);
      filled.set(last.payload);
      const { offset, ident } = placeOf(last);
      const full = placed(last, { payload: filled, more: true, ident: ident || context.ident });
      const end = { offset: offset + filled.length, more: false, payload: filled.subarray(0, 0) };
      return replaced(fragments, place, full, placed(full, end));
    },
  },
  {
    name: 'split-chain',
    parameters: [],
    does: 'a destination options header is cut in two: the first fragment has not all headers',
    example: [],
    family: 6,
    demands: 'discarded, Parameter Problem code 3 may say so: RFC 7112 §5, RFC 8200 §4.5',
    apply: (fragments: List, context: StepContext) =>
      joined(fragments).flatMap((one) => {
        if (placeOf(one).offset > 0) throw argumentError('split-chain', 'a list with holes', 'it first in the plan');
        return cut(withOptionsInFront(one, context), [8, roomOf(one, context)], context);
      }),
  },
];

/** Cuts, and gives a datagram that was in one piece the fragment header that all pieces need. */
function cut(fragment: PlanPacket, sizes: readonly number[], context: StepContext): PlanPacket[] {
  return recut(withFragmentHeader(fragment, context.ident), sizes, context);
}

function roomOf(fragment: PlanPacket, context: StepContext): number {
  return roomIn(withFragmentHeader(fragment, context.ident), context);
}

function recutToRoom(fragment: PlanPacket, context: StepContext): PlanPacket[] {
  return packetLen(fragment) <= context.mtu ? [fragment] : recut(fragment, [roomIn(fragment, context)], context);
}

function withOptionsInFront(fragment: PlanPacket, { ident }: StepContext): PlanPacket {
  const whole = withFragmentHeader(fragment, ident);
  const most = ipv6.MAX_PAYLOAD_LEN - PADDING_HEADER.length - (whole.header.length - ipv6.HEADER_LEN);
  if (fragment.payload.length > most) {
    throw argumentError('payload', fragment.payload.length, `at most ${most} octets, so that a header more has room`);
  }
  const header = whole.header.slice();
  const at = fragmentHeaderAt(header);
  const payload = new Uint8Array(PADDING_HEADER.length + fragment.payload.length);
  payload.set(PADDING_HEADER);
  payload.set(fragment.payload, PADDING_HEADER.length);
  payload[0] = header[at]!;
  viewOf(header).setUint8(at, DESTINATION_OPTIONS);
  return repaired({ ...whole, header, payload });
}
