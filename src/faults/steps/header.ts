import { argumentError } from '../../errors.js';
import { FIELD_NAMES, withField, withFlippedField } from '../fields.js';
import { at } from '../list.js';
import type { PlanPacket } from '../packet.js';
import { index, optional, rest, whole } from '../parameters.js';
import type { Step, StepContext } from '../step.js';

type List = readonly PlanPacket[];

interface Assignment {
  readonly field: string;
  readonly value: number;
}

const names = FIELD_NAMES.join(', ');

/** Steps that change octets of headers, payload, or what follows the packet. */
export const HEADER_STEPS: readonly Step[] = [
  {
    name: 'set',
    parameters: [
      optional(index, 0),
      rest({ name: 'field=value', wants: `field=value, the field one of ${names}`, read: readAssignment }),
    ],
    does: 'sets header fields of fragment i, or of all; the IPv4 checksum is right for them unless it is set',
    example: [2, 'ttl=3'],
    demands:
      'TTL, TOS and flow label may differ between fragments (RFC 791 §3.2, RFC 8200 §4.5); other fields as their rules say',
    apply: (fragments: List, _context: StepContext, i: number, assignments: readonly Assignment[]) =>
      changed(fragments, i, (one) =>
        assignments.reduce((made, { field, value }) => withField(made, field, value), one),
      ),
  },
  {
    name: 'corrupt',
    parameters: [
      index,
      rest({ name: 'field|octet', wants: `an octet of its payload (0, 1, …) or one of ${names}`, read: readTarget }),
    ],
    does: 'turns one bit of fragment i: in a header field, with no checksum made right, or in an octet of its payload',
    example: [2, 0],
    demands:
      'discarded in silence: IPv4 header checksum RFC 1122 §3.2.1.2, UDP checksum RFC 1122 §4.1.3.4 and RFC 8200 §8.1',
    apply: (fragments: List, _context: StepContext, i: number, targets: readonly (string | number)[]) =>
      changed(fragments, i, (one) => targets.reduce(turned, one)),
  },
  {
    name: 'trailing',
    parameters: [whole('octets', 1, 1500), optional(index, 0)],
    does: 'so many zero octets behind the packet of fragment i, or of all, which its IP length does not count',
    example: [8, 'last'],
    demands: 'left aside, as the padding of a short Ethernet frame is: RFC 894, RFC 1122 §2.3.3',
    apply: (fragments: List, _context: StepContext, octets: number, i: number) =>
      changed(fragments, i, (one) => ({ ...one, trailer: new Uint8Array(octets) })),
  },
];

/** Position 0 stands for all of them. */
function changed(fragments: List, i: number, change: (one: PlanPacket) => PlanPacket): PlanPacket[] {
  const only = i === 0 ? -1 : at(fragments, i);
  return fragments.map((one, place) => (only < 0 || place === only ? change(one) : one));
}

function readAssignment(argument: number | string): Assignment | undefined {
  const [, field, value] = /^([a-z-]+)=(\d+|0x[0-9a-f]+)$/i.exec(String(argument)) ?? [];
  if (field === undefined || !FIELD_NAMES.includes(field)) return undefined;
  return { field, value: Number(value) };
}

function readTarget(argument: number | string): string | number | undefined {
  if (typeof argument === 'string') return FIELD_NAMES.includes(argument) ? argument : undefined;
  return Number.isSafeInteger(argument) && argument >= 0 ? argument : undefined;
}

function turned(fragment: PlanPacket, target: string | number): PlanPacket {
  if (typeof target === 'string') return withFlippedField(fragment, target);
  if (target >= fragment.payload.length) {
    throw argumentError('octet', target, `0 … ${fragment.payload.length - 1}, an octet of this fragment's payload`);
  }
  return { ...fragment, payload: fragment.payload.with(target, fragment.payload[target]! ^ 1) };
}
