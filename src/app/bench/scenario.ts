import { HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';

/** One kind of traffic that all contestants send in turn. */
export interface Scenario {
  readonly family: 4 | 6;
  /** Of the wire: octets of the largest IP packet. */
  readonly mtu: number;
  /** Octets of UDP payload. */
  readonly size: number;
  /** `hot`: the same octets again and again, from the cache; `cold`: 64 MiB of payloads in turn. */
  readonly payload: 'hot' | 'cold';
}

const LARGEST = { 4: 65_507, 6: 65_527 } as const;
/** Octets that the payloads of a cold run take together: far beyond a core's own caches. */
const COLD_OCTETS = 64 << 20;

/** The traffic that the goals are about. */
export const MAIN: Scenario = { family: 4, mtu: 1500, size: LARGEST[4], payload: 'hot' };

/** All there are, in the order they run: the MTU of the wire changes once. */
export function scenarios(quick: boolean): Scenario[] {
  const main6: Scenario = { ...MAIN, family: 6, size: LARGEST[6] };
  if (quick) return [MAIN, main6];
  const sizes = (family: 4 | 6) => [LARGEST[family], 8192, 1472];
  const grid = [1500, 9000].flatMap((mtu) =>
    ([4, 6] as const).flatMap((family) =>
      sizes(family).map((size): Scenario => ({ family, mtu, size, payload: 'hot' })),
    ),
  );
  return [MAIN, { ...MAIN, payload: 'cold' }, ...grid.filter((one) => !isMain(one))];
}

export function isMain(scenario: Scenario): boolean {
  return describeScenario(scenario) === describeScenario(MAIN);
}

/** `IPv4, MTU 1500, 65507 octets`. */
export function describeScenario({ family, mtu, size, payload }: Scenario): string {
  return `IPv${family}, MTU ${mtu}, ${size} octets${payload === 'cold' ? ', cold payloads' : ''}`;
}

/** IP packets that a datagram of the scenario makes on a device that carries `mtu` octets. */
export function packetsOf({ family, size }: Scenario, mtu: number): number {
  const ipLen = family === 4 ? 20 : 40;
  const fragmentHeadLen = family === 4 ? 20 : 48;
  if (ipLen + UDP_HEADER_LEN + size <= mtu) return 1;
  return Math.ceil((UDP_HEADER_LEN + size) / ((mtu - fragmentHeadLen) & ~7));
}

/** Different payloads to send in turn. */
export function payloadCount({ payload, size }: Scenario): number {
  return payload === 'hot' ? 1 : Math.ceil(COLD_OCTETS / size);
}
