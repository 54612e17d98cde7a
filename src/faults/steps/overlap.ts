import { argumentError } from '../../errors.js';
import { at, atLeast, lastInDatagram, replaced } from '../list.js';
import { endOf, type PlanPacket, placed, placeOf } from '../packet.js';
import { index, optional, whole, word } from '../parameters.js';
import type { Step, StepContext } from '../step.js';

type List = readonly PlanPacket[];
type Kind = 'head' | 'tail' | 'inside' | 'exact' | 'cover';

const KINDS: readonly Kind[] = ['head', 'tail', 'inside', 'exact', 'cover'];
/** Offset of the last 8-octet unit that the field can say. */
const LAST_OFFSET = 65_528;

/** Steps after which the fragments no longer lie side by side. */
export const PLACE_STEPS: readonly Step[] = [
  {
    name: 'overlap',
    parameters: [
      word('where', KINDS),
      optional(word('octets', ['same', 'different']), 'different'),
      optional(index, 2),
    ],
    does:
      'one fragment more over fragment i (2): its head, its tail, inside it, exactly it, or one that covers it ' +
      '(then what lies inside came before); with the same octets or different ones',
    example: ['head', 'different', 2],
    demands:
      'IPv6: all of the datagram is discarded in silence, an exact copy aside: RFC 5722 §4, RFC 8200 §4.5; ' +
      'IPv4: either copy may be used: RFC 791 §3.2, RFC 1858 §4',
    apply: overlap,
  },
  {
    name: 'gap',
    parameters: [index, optional({ ...whole('octets', 8, LAST_OFFSET, 8), wants: '8, 16, … octets' }, 8)],
    does: 'leaves a hole of so many octets (8) before fragment i: it and those behind it say a later place',
    example: [3, 8],
    demands: 'never delivered, as after drop: RFC 791 §3.2, RFC 8200 §4.5',
    apply: (fragments: List, _context: StepContext, i: number, octets: number) => {
      const from = placeOf(fragments[at(fragments, i)]!).offset;
      return fragments.map((one) => {
        const { offset } = placeOf(one);
        if (offset < from) return one;
        if (offset + octets > LAST_OFFSET) throw argumentError('octets', octets, `at most ${LAST_OFFSET - offset}`);
        return placed(one, { offset: offset + octets });
      });
    },
  },
  {
    name: 'over-65535',
    parameters: [],
    does: 'the last fragment says the last place there is, and ends behind octet 65,535',
    example: [],
    demands:
      'discarded; IPv6: Parameter Problem code 0 with the pointer to the fragment offset: RFC 8200 §4.5; IPv4: RFC 791 §3.1',
    apply: (fragments: List) => {
      atLeast(fragments, 2);
      const place = lastInDatagram(fragments);
      const last = fragments[place]!;
      const payload = new Uint8Array(Math.max(16, last.payload.length));
      payload.set(last.payload);
      return replaced(fragments, place, placed(last, { offset: LAST_OFFSET, payload }));
    },
  },
  {
    name: 'mf-on-last',
    parameters: [],
    does: 'the last fragment says that more follow',
    example: [],
    demands:
      'no end, never delivered; IPv6 with a length that is no multiple of 8: Parameter Problem code 0: RFC 8200 §4.5',
    apply: (fragments: List, { ident }: StepContext) => {
      const place = lastInDatagram(fragments);
      const last = fragments[place]!;
      return replaced(fragments, place, placed(last, { more: true, ident: placeOf(last).ident || ident }));
    },
  },
];

function overlap(
  fragments: List,
  _context: StepContext,
  kind: Kind,
  octets: 'same' | 'different',
  i: number,
): PlanPacket[] {
  atLeast(fragments, 2);
  const place = at(fragments, i);
  const target = fragments[place]!;
  const [start, end] = reach(kind, target);
  const payload = octetsOf(fragments, target, start, end);
  if (octets === 'different') for (let one = 0; one < payload.length; one++) payload[one]! ^= 0xff;
  const last = fragments[lastInDatagram(fragments)]!;
  const over = placed(target, { offset: start, more: start + payload.length < endOf(last), payload });
  return kind === 'cover' ? replaced(fragments, place, over, target) : replaced(fragments, place, target, over);
}

/** `[start, end)` of the fragment to add. For `cover` it is what lies inside, and the fragment itself covers it. */
function reach(kind: Kind, target: PlanPacket): readonly [number, number] {
  const { offset } = placeOf(target);
  const end = endOf(target);
  const behind = (end + 7) & ~7;
  const need = kind === 'exact' ? 1 : kind === 'inside' || kind === 'cover' ? 24 : 8;
  if (end - offset < need)
    throw argumentError('overlap', `a fragment of ${end - offset} octets`, `one of ${need} or more`);
  if (kind === 'head') {
    if (offset === 0)
      throw argumentError('overlap', 'head of the first fragment', 'a later one: nothing lies before it');
    return [offset - 8, offset + 8];
  }
  if (kind === 'tail') return [behind - 8, behind + 8];
  return kind === 'exact' ? [offset, end] : [offset + 8, behind - 8];
}

/** What the datagram has at `[start, end)`, as far as fragments carry it; at its end fewer octets. */
function octetsOf(fragments: List, target: PlanPacket, start: number, end: number): Uint8Array {
  const found = new Uint8Array(end - start);
  let reached = start;
  for (const { payload, datagram, ...rest } of fragments) {
    const { offset, ident } = placeOf({ payload, datagram, ...rest });
    if (datagram !== target.datagram || ident !== placeOf(target).ident) continue;
    const [from, to] = [Math.max(start, offset), Math.min(end, offset + payload.length)];
    if (from >= to) continue;
    found.set(payload.subarray(from - offset, to - offset), from - start);
    reached = Math.max(reached, to);
  }
  return found.subarray(0, reached - start);
}
