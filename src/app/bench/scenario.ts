import { HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';

/**
 * `far`: over the lab's wire to the far host; `redirect`: over another one, whose far end has its NAPI on (GRO) and so takes
 * redirected XDP frames, as many a NIC does; `null`: into a device of this host that throws all away.
 */
export type Sink = 'far' | 'redirect' | 'null';

/** One kind of traffic that all contestants send in turn. */
export interface Scenario {
  readonly family: 4 | 6;
  /** Of the wire: octets of the largest IP packet. */
  readonly mtu: number;
  /** Octets of UDP payload. */
  readonly size: number;
  /** `hot`: the same octets again and again, from the cache; `cold`: 64 MiB of payloads in turn; `file`: read from a file. */
  readonly payload: 'hot' | 'cold' | 'file';
  readonly sink: Sink;
  /**
   * The interface leaves it to the kernel to cut joined datagrams apart, so that joining them pays and the wire has them one by
   * one.
   */
  readonly uso: boolean;
}

const LARGEST = { 4: 65_507, 6: 65_527 } as const;
/** Octets that the payloads of a cold run take together: far beyond a core's own caches. */
const COLD_OCTETS = 64 << 20;

/** The traffic that the goals are about. */
export const MAIN: Scenario = { family: 4, mtu: 1500, size: LARGEST[4], payload: 'hot', sink: 'far', uso: false };
/** Datagrams that just fit the MTU. */
export const SMALL: Scenario = { ...MAIN, size: 1472 };
/** As `SMALL`, for those who join equal datagrams. */
export const USO: Scenario = { ...SMALL, uso: true };
export const JUMBO: Scenario = { ...MAIN, mtu: 9000 };
export const FILE: Scenario = { ...MAIN, payload: 'file' };
/** What XDP redirects goes out below the stack. */
export const REDIRECT: Scenario = { ...MAIN, sink: 'redirect' };
/** Past the wire: what is left is the sender's. */
export const NULL: Scenario = { ...MAIN, sink: 'null' };
const MAIN6: Scenario = { ...MAIN, family: 6, size: LARGEST[6] };

/** All there are, in the order they run: the MTU of the wire changes once. */
export function scenarios(quick: boolean): Scenario[] {
  const first = [MAIN, REDIRECT, SMALL, USO, FILE, NULL];
  if (quick) return [...first, MAIN6, JUMBO];
  const sizes = (family: 4 | 6) => [LARGEST[family], 8192, 1472];
  const grid = [1500, 9000].flatMap((mtu) =>
    ([4, 6] as const).flatMap((family) => sizes(family).map((size): Scenario => ({ ...MAIN, family, mtu, size }))),
  );
  const known = new Set(first.map(describeScenario));
  return [...first, { ...MAIN, payload: 'cold' }, ...grid.filter((one) => !known.has(describeScenario(one)))];
}

export function isMain(scenario: Scenario): boolean {
  return describeScenario(scenario) === describeScenario(MAIN);
}

/** `IPv4, MTU 1500, 65507 octets`; also its name among others. */
export function describeScenario({ family, mtu, size, payload, sink, uso }: Scenario): string {
  const source = { hot: '', cold: ', cold payloads', file: ', from a file' }[payload];
  const wire = { far: '', redirect: ', far end with GRO', null: ', into a null device' }[sink];
  return `IPv${family}, MTU ${mtu}, ${size} octets${source}${wire}${uso ? ', USO' : ''}`;
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
  return payload === 'cold' ? Math.ceil(COLD_OCTETS / size) : 1;
}

/** Datagrams in the file that a scenario is read from. */
export const FILE_DATAGRAMS = 8192;

/** Who takes part in a quick run: in the scenarios beside the first only those that goals compare. */
const QUICK_SIDE: ReadonlyMap<string, readonly string[]> = new Map(
  (
    [
      [REDIRECT, ['c-kernel-udp', 'trafgen', 'xdp-live', 'send:xdp-live']],
      [SMALL, ['c-kernel-udp', 'packet-socket', 'af-xdp', 'send:packet-socket']],
      [USO, ['c-kernel-udp', 'kernel-udp', 'virtio-ufo']],
      [FILE, ['c-kernel-udp', 'virtio-ufo', 'send:virtio-ufo']],
      [NULL, ['c-kernel-udp']],
      [MAIN6, ['c-kernel-udp', 'packet-socket']],
      [JUMBO, ['c-kernel-udp', 'virtio-ufo', 'af-xdp']],
    ] as const
  ).map(([scenario, names]) => [describeScenario(scenario), names]),
);

export function inQuickRun(name: string, scenario: Scenario): boolean {
  return QUICK_SIDE.get(describeScenario(scenario))?.includes(name) ?? true;
}
