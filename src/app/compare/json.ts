import { packetFields } from '../../compare/cuts/differences.js';
import type { CauseGroup } from '../../compare/cuts/groups.js';
import type { CutPacket } from '../../compare/cuts/packet.js';
import type { CaseHeaders, CompareCase, DatagramCase } from './cases.js';
import type { DatagramReport } from './report.js';

/** The `--json` object of a datagram; with `fields` every field of every fragment. */
export function datagramJson({ of, where, cuts }: DatagramReport, fields: boolean): object {
  return {
    type: 'datagram',
    ...caseJson(of),
    ...(where !== null && { where }),
    cuts: cuts.map(({ way, outcome, held, reference, packets, why }) => ({
      way,
      outcome,
      packets: packets.length,
      ...(why !== null && { why }),
      ...(held !== null && {
        causes: held.causes.map(({ cause }) => cause.code),
        differences: held.differences.length,
        unexplained: held.left,
      }),
      ...(fields && { ours: reference.map(fieldsOf), fragments: packets.map(fieldsOf) }),
    })),
  };
}

/** Of what differs for one reason, with its least datagram. */
export function causeJson({ example, ...group }: CauseGroup<CompareCase>): object {
  const { of, way, differences } = example;
  return { type: 'cause', ...group, example: { ...caseJson(of), way, differences } };
}

function caseJson({ family, mtu, size, what, headers }: DatagramCase): object {
  return { family, mtu, size, what, headers: headersJson(headers) };
}

function headersJson({ options, extensionHeaders, ...plain }: CaseHeaders): object {
  const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
  return {
    ...plain,
    ...(options !== undefined && { options: hex(options) }),
    ...(extensionHeaders !== undefined && {
      extensionHeaders: extensionHeaders.map(({ type, octets }) => ({ type, octets: hex(octets) })),
    }),
  };
}

function fieldsOf(packet: CutPacket): object {
  return Object.fromEntries(packetFields(packet));
}
