import type { ExpectedDatagram, ExpectedHeaders, ExpectedPayload, PlannedPiece } from '../../compare/expected.js';
import { isOfOtherVersion, type Outcome, outcomes } from '../../faults/outcome.js';
import {
  hasFragmentHeader,
  type PlanPacket,
  placeOf,
  plannedFragment,
  upperLayer,
  viewOf,
} from '../../faults/packet.js';
import type { FaultPlan } from '../../faults/plan.js';
import type { SentHeaders } from '../../options/sent-headers.js';
import type { FragmentPlan } from '../../ufo/plan.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';

/** What a plan made of one datagram. */
export interface MadePackets {
  readonly plan: string;
  readonly packets: readonly PlanPacket[];
  readonly pseudoSum: number;
}

/** The plan, telling what it makes of each datagram, in the order that they go. */
export function tellingPlan(plan: FaultPlan, tell: (made: MadePackets) => void): FragmentPlan {
  return {
    text: plan.text,
    apply: (fragments, context) => {
      const packets = plan.packets(fragments, context);
      tell({ plan: plan.text, packets, pseudoSum: context.pseudoSum });
      return packets.map(plannedFragment);
    },
  };
}

/** What datagrams with one plan have in common. */
interface PlannedCommon {
  readonly base: Partial<ExpectedDatagram>;
  readonly headers: SentHeaders;
  /** Of the datagram as it was given. */
  readonly payload: ExpectedPayload;
  /** How a payload is known again. */
  readonly describe: (payload: Uint8Array) => ExpectedPayload;
}

/** What is to be seen of the packets that a plan made: a datagram for each that they make or begin; one, where it made none. */
export function plannedDatagrams({ plan, packets, pseudoSum }: MadePackets, common: PlannedCommon): ExpectedDatagram[] {
  const { base, headers, payload } = common;
  if (packets.length === 0) {
    const none = { plan, verdict: 'incomplete', faults: ['missing'], packets: [], copies: 0 } as const;
    return [{ ...base, headers, payload, planned: none }];
  }
  const all = outcomes(packets, pseudoSum);
  return all.map((outcome) => {
    const others = all.filter((one) => one !== outcome && one.ident === outcome.ident).flatMap(({ made }) => made);
    return plannedDatagram(outcome, others, plan, common);
  });
}

function plannedDatagram(
  outcome: Outcome,
  others: readonly PlanPacket[],
  plan: string,
  common: PlannedCommon,
): ExpectedDatagram {
  const { made, copies, faults, verdict, ident } = outcome;
  const { base, headers, payload, describe } = common;
  const named = hasFragmentHeader(made[0]!) || isOfOtherVersion(made[0]!);
  return {
    ...base,
    ...outcome.ports, // a plan may have changed them, too
    ...(named && { ident }),
    headers: headersOf(made, headers),
    payload: outcome.payload === null ? payload : describe(outcome.payload),
    planned: {
      ...{ plan, verdict, faults: [...faults], packets: made.map(pieceOf), copies },
      ...(others.length > 0 && { others: others.map(pieceOf) }),
    },
  };
}

/**
 * As its header says, whatever stands behind it; nothing of one that nobody reads. In one piece, what its extension headers
 * lead to, wherever they stand.
 */
function pieceOf(packet: PlanPacket): PlannedPiece {
  if (isOfOtherVersion(packet)) return [0, 0, 0];
  const { offset, more } = placeOf(packet);
  const { family, header, payload } = packet;
  const view = viewOf(header);
  const len = family === 4 ? ipv4.getTotLen(view, 0) : ipv6.HEADER_LEN + ipv6.getPayloadLen(view, 0);
  const octets = len < header.length ? payload.length : len - header.length;
  const chain = hasFragmentHeader(packet) ? 0 : Math.max(0, upperLayer(packet).offset);
  return [offset, octets - chain, more ? 1 : 0];
}

/** The values that the packets have, where a plan gave them others. */
function headersOf(made: readonly PlanPacket[], headers: SentHeaders): ExpectedHeaders {
  const values = <T>(of: (view: DataView) => T): readonly T[] => [
    ...new Set(made.map(({ header }) => of(viewOf(header)))),
  ];
  if (made[0]!.family === 4) {
    return {
      ...headers,
      ttl: values((view) => ipv4.getTtl(view, 0)),
      tos: values((view) => ipv4.getTos(view, 0)),
      df: values((view) => (ipv4.getFragWord(view, 0) & ipv4.DF) !== 0),
    };
  }
  return {
    ...headers,
    ttl: values((view) => ipv6.getHopLimit(view, 0)),
    tos: values((view) => ipv6.getTrafficClass(view, 0)),
    ...(headers.flowLabel !== undefined && { flowLabel: values((view) => ipv6.getFlowLabel(view, 0)) }),
  };
}
