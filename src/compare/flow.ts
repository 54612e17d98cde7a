import type { DatagramVerdict } from '../verify/verdict.js';
import type { ExpectedDatagram } from './expected.js';

/** The datagrams of one sender to one receiver; what is left out may be anything. */
export type ExpectedFlow = Pick<ExpectedDatagram, 'source' | 'destination' | 'sourcePort' | 'destinationPort'>;

/** Whether a verdict is about this flow; fragments without their first one are told by their addresses alone. */
export function ownsVerdict(flow: ExpectedFlow, { source, destination, udp }: DatagramVerdict): boolean {
  return (
    fits(flow.source, source) &&
    fits(flow.destination, destination) &&
    (udp === null || (fits(flow.sourcePort, udp.sourcePort) && fits(flow.destinationPort, udp.destinationPort)))
  );
}

function fits<T>(want: T | undefined, got: T): boolean {
  return want === undefined || want === got;
}

/** As `ownsVerdict` for any of many flows, all four ends of which are known: without asking one after the other. */
export function ownsAny(flows: readonly Required<ExpectedFlow>[]): (verdict: DatagramVerdict) => boolean {
  const whole = new Set(
    flows.map((one) => `${one.source} ${one.destination} ${one.sourcePort} ${one.destinationPort}`),
  );
  const addresses = new Set(flows.map(({ source, destination }) => `${source} ${destination}`));
  return ({ source, destination, udp }) =>
    udp === null
      ? addresses.has(`${source} ${destination}`)
      : whole.has(`${source} ${destination} ${udp.sourcePort} ${udp.destinationPort}`);
}
