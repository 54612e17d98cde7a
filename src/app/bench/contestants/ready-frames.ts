import { PagePool } from '../../../memory/page-pool.js';
import { UserMemory } from '../../../memory/user-memory.js';
import { makePayload } from '../../../payload/generated.js';
import { createFlow, type Flow } from '../../../skb/flow.js';
import { segmentFrames } from '../../../ufo/segment-frames.js';
import * as ethernet from '../../../wire/ethernet.js';
import type { Frame } from '../../../wire/frame.js';
import type { Scenario } from '../scenario.js';
import { endsOf } from '../wire.js';

export const BENCH_PORT = 9999;
const SOURCE_PORT = 4242;

/** One datagram of the scenario, cut beforehand, from the Ethernet header on; for those who replay. */
export function readyFrames(scenario: Scenario): Uint8Array[] {
  return [...framesOf(scenario, labFlow(scenario, true), 1)].map(({ bytes }) => bytes);
}

/** As `readyFrames`, from the IP header on. */
export function readyPackets(scenario: Scenario): Uint8Array[] {
  return [...framesOf(scenario, labFlow(scenario, false), 1)].map(({ bytes }) => bytes);
}

export function framesOf({ size }: Scenario, flow: Flow, ident: number): Generator<Frame, void> {
  const pool = new PagePool(new UserMemory({ pages: 64 }));
  return segmentFrames(pool, flow, ident, makePayload(size, 1, ident));
}

/** From the near end of the scenario's wire to the far one. */
export function labFlow(scenario: Scenario, withLinkHeader: boolean): Flow {
  const { family, mtu } = scenario;
  const { near, far } = endsOf(scenario);
  const linkHeader = new Uint8Array(withLinkHeader ? ethernet.HEADER_LEN : 0);
  if (withLinkHeader) {
    ethernet.emit(new DataView(linkHeader.buffer), 0, {
      source: ethernet.parseMac(near.mac)!,
      destination: ethernet.parseMac(far.mac)!,
      vlans: [],
      etherType: ethernet.etherTypeOf(family),
    });
  }
  return createFlow({
    source: family === 4 ? near.ipv4 : near.ipv6,
    sourcePort: SOURCE_PORT,
    destination: family === 4 ? far.ipv4 : far.ipv6,
    destinationPort: BENCH_PORT,
    mtu,
    linkHeader,
  });
}
