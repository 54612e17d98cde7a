import { argumentError } from '../../errors.js';
import { addSums, sumOctets, udpChecksumField } from '../../wire/checksum.js';
import * as extension from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';
import {
  fragmentHeaderAt,
  type PlanPacket,
  placed,
  placeOf,
  upperLayer,
  viewOf,
  withFragmentHeader,
} from '../packet.js';
import { optional, whole, word } from '../parameters.js';
import type { Step, StepContext } from '../step.js';

type List = readonly PlanPacket[];

/** Data of the datagram that `atomic` sends beside the one that is cut. */
const ATOMIC_DATA = 8;
/** From one id to the next of interleaved datagrams: far apart, so that those of a stream do not meet them soon. */
const IDENT_STEP = 8_191;

/** Steps that send more than one datagram. */
export const DATAGRAM_STEPS: readonly Step[] = [
  {
    name: 'interleave',
    parameters: [{ ...whole('n', 2, 64), name: 'n' }, optional(word('id', ['same']), 'other')],
    does:
      'n datagrams at once, a fragment of each in turn: the one given and others with its words in another place; ' +
      'each with an id of its own, or all with the same',
    example: [2],
    demands:
      'kept apart by their ids: RFC 791 §3.2, RFC 8200 §4.5; with the same id they overlap: RFC 5722 §4, RFC 4963 §2',
    apply: (fragments: List, context: StepContext, n: number, id: 'same' | 'other') =>
      fragments.flatMap((one) => Array.from({ length: n }, (_none, k) => sibling(one, k, id, context))),
  },
  {
    name: 'atomic',
    parameters: [],
    does:
      'a small datagram in one piece with the same id, behind the first fragment; IPv6: with a fragment header that ' +
      'says offset 0 and no more. A datagram in one piece gets that header itself',
    example: [],
    demands: 'apart from all fragments with its id, both delivered: RFC 6946 §4, RFC 8200 §4.5; IPv4: RFC 791 §3.2',
    apply: (fragments: List, context: StepContext) => {
      if (fragments.length <= 1) return fragments.map((one) => withFragmentHeader(one, context.ident));
      const first = fragments.findIndex((one) => placeOf(one).offset === 0);
      if (first < 0) throw argumentError('fragments', fragments.length, 'the first one among them', 'drop it later');
      return fragments.toSpliced(first + 1, 0, small(fragments[first]!, context));
    },
  },
];

/** The same fragment of datagram `k`; 0 is the one given. Turning 16-bit words leaves the UDP checksum right. */
function sibling(one: PlanPacket, k: number, id: 'same' | 'other', context: StepContext): PlanPacket {
  if (k === 0) return one;
  const { ident, offset } = placeOf(one);
  const most = one.family === 4 ? 0xffff : 0xffff_ffff;
  const other = ((((ident || context.ident) - 1 + k * IDENT_STEP) % most) + most) % most;
  const payload = wordsTurned(one.payload, offset === 0 ? upperHeadersLen(one) : 0, k);
  return {
    ...placed(one, { payload, ident: id === 'same' ? ident : 1 + other }),
    datagram: one.datagram + k,
    delayMs: 0,
  };
}

function wordsTurned(payload: Uint8Array, from: number, words: number): Uint8Array {
  const even = from + ((payload.length - from) & ~1);
  const len = even - from;
  if (len <= 0) return payload;
  const made = payload.slice();
  const by = (2 * words) % len;
  made.set(payload.subarray(from + by, even), from);
  made.set(payload.subarray(from, from + by), even - by);
  return made;
}

/** Octets of extension headers and UDP header that a first fragment's payload begins with; all of it where it ends within them. */
function upperHeadersLen(fragment: PlanPacket): number {
  const { offset } = upperLayer(fragment);
  const most = fragment.payload.length;
  return offset < 0 ? most : Math.min(most, offset + udp.HEADER_LEN);
}

/** A whole UDP datagram with the headers of `first` and a few octets of its data. */
function small(first: PlanPacket, { ident, pseudoSum }: StepContext): PlanPacket {
  const { offset: start } = upperLayer(first);
  const data = start + udp.HEADER_LEN;
  if (start < 0 || first.payload.length < data) {
    throw argumentError(
      'fragment',
      `a first fragment of ${first.payload.length} octets`,
      'one that holds the UDP header',
    );
  }
  const payload = first.payload.slice(start, data + ATOMIC_DATA);
  const view = viewOf(payload);
  udp.setLength(view, 0, payload.length);
  if (udp.getChecksum(view, 0) !== 0) {
    udp.setChecksum(view, 0, 0);
    udp.setChecksum(view, 0, udpChecksumField(addSums(addSums(pseudoSum, payload.length), sumOctets(payload))));
  }
  const alone = withFragmentHeader(placed(first, { payload, more: false }), ident);
  if (first.family === 4) return alone;
  const header = alone.header.slice();
  extension.setFragNextHeader(viewOf(header), fragmentHeaderAt(header), udp.PROTOCOL);
  return { ...alone, header };
}
