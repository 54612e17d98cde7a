import { argumentError, usageError } from '../../errors.js';
import { setFeature } from '../../host/device-features.js';
import { insideLab, pinNeighbours, setLabMtu } from '../../host/lab.js';
import type { PayloadSizes } from '../../payload/sizes.js';
import { createSocket } from '../../socket/socket.js';
import { UDP_SEGMENTATION, usoObstacle } from '../../tx/uso.js';
import { MIN_MTU } from '../../wire/ipv6.js';
import { LINKTYPE_ETHERNET } from '../../wire/link-layer.js';
import { CaptureOutput } from '../common/capture-output.js';
import { peerAddresses } from '../common/peer-addresses.js';
import { createProgress } from '../common/progress.js';
import { type CaseHeaders, type CompareCase, plainCases, SWEPT_MTUS, sizesOf, sweptCases } from './cases.js';
import { Pair, type PairOptions } from './pair.js';
import type { CompareSummary, DatagramReport } from './report.js';
import { Watch } from './watch.js';

export interface LiveOptions {
  /** Default: the far host of the lab. */
  readonly host?: { readonly host: string; readonly port: number | undefined } | undefined;
  readonly family?: 4 | 6 | undefined;
  readonly interface?: string | undefined;
  readonly mtu?: number | undefined;
  readonly sizes?: PayloadSizes | undefined;
  readonly headers: CaseHeaders;
  readonly deep: boolean;
  readonly pcap?: string | undefined;
}

/** What the summary says of a live comparison beside its datagrams. */
export type LiveEnd = Pick<
  CompareSummary,
  'source' | 'absent' | 'captureLost' | 'fault' | 'notes' | 'doubled' | 'notCompared'
>;

/** A veth's least (ETH_MIN_MTU), and RFC 791's. */
const LEAST_LAB_MTU = 68;
/** Port of the far end where nobody says another one: hardly anything listens there (traceroute's first). */
const PORT = 33_434;

type End = Pick<PairOptions, 'family' | 'interface' | 'source' | 'destination' | 'port' | 'mtu'>;

/** Has everybody cut the same datagrams, and tells of each. @throws what opening devices and captures throws */
export async function compareLive(
  options: LiveOptions,
  tell: (report: DatagramReport) => Promise<void>,
  signal: AbortSignal,
): Promise<LiveEnd> {
  const ends = await endsOf(options);
  const [first] = ends;
  await using pcap =
    options.pcap === undefined ? null : await CaptureOutput.open(options.pcap, LINKTYPE_ETHERNET, signal);
  const filter = ends.map(({ destination }) => `host ${destination.split('%')[0]}`).join(' or ');
  await using watch = await Watch.open({ interface: first!.interface, filter, pcap, signal });
  const batches = batchesOf(options, ends);
  const { near } = insideLab() ?? {};
  using _offload = options.host === undefined && near !== undefined ? withoutUso(near.interface) : null;
  const progress = await createProgress('cutting', batches.flatMap(({ cases }) => cases).length, 'datagrams');
  let done = 0;
  const absent = new Map<string, CompareSummary['absent'][number]>();
  try {
    for (const { labMtu, cases } of batches) {
      if (labMtu !== null) await wireOf(labMtu);
      for (const end of ends.map((one) => (labMtu === null ? one : { ...one, mtu: labMtu }))) {
        const own = cases.filter(({ family }) => family === end.family);
        if (own.length === 0) continue;
        await using pair = await Pair.open({ ...end, watch, signal });
        for (const one of pair.absent) absent.set(`${one.way} ${end.family}`, { ...one, family: end.family });
        for (const one of own) {
          await tell(await pair.compare(one));
          progress.update(++done);
        }
      }
    }
  } finally {
    progress.stop();
    if (batches.some(({ labMtu }) => labMtu !== null)) await wireOf(first!.mtu); // the lab may be somebody's who goes on
  }
  const captureLost = await watch.finish();
  await pcap?.finish();
  return {
    source: first!.interface,
    absent: [...absent.values()],
    captureLost,
    fault: null,
    notes: [],
    doubled: 0,
    notCompared: {},
  };
}

/** Datagrams of one MTU; where that is the lab's own to choose, `labMtu`. */
interface Batch {
  readonly labMtu: number | null;
  readonly cases: readonly CompareCase[];
}

function batchesOf({ host, deep, mtu, sizes, headers }: LiveOptions, ends: readonly End[]): Batch[] {
  const families = ends.map(({ family }) => family);
  const inLab = host === undefined;
  const least = Math.min(...ends.map((end) => end.mtu));
  if (deep) {
    const mtus = mtu === undefined && inLab ? SWEPT_MTUS : [mtu ?? least];
    return mtus.map((one) => ({ labMtu: inLab ? one : null, cases: sweptCases(families, one) }));
  }
  const own = mtu ?? least;
  const cases =
    sizes === undefined
      ? plainCases(families, own, headers)
      : families.flatMap((family) => sizesOf(sizes).map((size) => ({ family, mtu: own, size, what: '', headers })));
  return [{ labMtu: inLab && mtu !== undefined ? mtu : null, cases }];
}

/** A veth takes joined datagrams as they are; that of the lab is ours to leave the cutting to the kernel meanwhile. */
function withoutUso(name: string): Disposable | null {
  try {
    if (usoObstacle(name) === null) return null;
    setFeature(name, UDP_SEGMENTATION, false);
  } catch {
    return null; // the way is left out, and why is said
  }
  return { [Symbol.dispose]: () => setFeature(name, UDP_SEGMENTATION, true) };
}

/** The lab's wire with another MTU, ready for traffic. */
async function wireOf(mtu: number): Promise<void> {
  await setLabMtu(mtu);
  if (mtu >= MIN_MTU) await pinNeighbours();
}

/** Both hosts of the lab, or this one and the user's, by the families asked for. */
async function endsOf({ host, family, interface: name, mtu }: LiveOptions): Promise<End[]> {
  if (host === undefined && mtu !== undefined && mtu < LEAST_LAB_MTU) {
    throw argumentError('mtu', mtu, `at least ${LEAST_LAB_MTU}, what the wire of the lab takes`);
  }
  const lab = insideLab();
  const peers =
    host === undefined
      ? [
          { family: 4 as const, address: lab!.far.ipv4 },
          { family: 6 as const, address: lab!.far.ipv6 },
        ].filter((one) => family === undefined || family === one.family)
      : await peerAddresses(host.host, family);
  const ends = [];
  for (const { family: own, address } of peers) {
    if (own === 6 && mtu !== undefined && mtu < MIN_MTU) {
      if (peers.length > 1) continue;
      throw argumentError('mtu', mtu, `at least ${MIN_MTU} for IPv6`);
    }
    ends.push(await endTo(own, address, host?.port ?? PORT, name));
  }
  const interfaces = new Set(ends.map((end) => end.interface));
  if (interfaces.size > 1)
    throw usageError(`${host!.host} is reached by ${[...interfaces].join(' and ')}`, 'name one family by --family');
  return ends;
}

async function endTo(family: 4 | 6, address: string, port: number, name: string | undefined): Promise<End> {
  await using socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    driver: 'kernel-udp',
    ...(name !== undefined && { interface: name }),
  });
  await socket.connect(port, address);
  const { source, destination, interface: interfaceName, mtu } = await socket.path();
  return { family, interface: interfaceName, source, destination, port, mtu };
}
