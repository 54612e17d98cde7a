import { readOrNull } from './read-or-null.js';

/** What the kernel says when a datagram or fragment is lost, and where to turn. */
const LOSSES = {
  'Udp.RcvbufErrors':
    'the receiving socket was full: read faster or give it a larger receive buffer (net.core.rmem_max)',
  'Udp6.RcvbufErrors':
    'the receiving socket was full: read faster or give it a larger receive buffer (net.core.rmem_max)',
  'Udp.InCsumErrors': 'wrong UDP checksum',
  'Udp6.InCsumErrors': 'wrong UDP checksum',
  'Udp.NoPorts': 'no socket on that port',
  'Udp6.NoPorts': 'no socket on that port',
  'Udp.MemErrors': 'UDP as a whole had used up its memory (net.ipv4.udp_mem)',
  'Udp6.MemErrors': 'UDP as a whole had used up its memory (net.ipv4.udp_mem)',
  'Ip.ReasmFails':
    'reassembly failed: a fragment missing, wrong, or the queue over net.ipv4.ipfrag_high_thresh or ipfrag_max_dist',
  'Ip6.ReasmFails': 'reassembly failed: a fragment missing, wrong, or the queue over net.ipv6.ip6frag_high_thresh',
  'Ip.ReasmTimeout': 'a fragment did not come within net.ipv4.ipfrag_time',
  'Ip6.ReasmTimeout': 'a fragment did not come within net.ipv6.ip6frag_time',
  'Ip.InHdrErrors': 'wrong IP header (its checksum, length or version)',
  'Ip6.InHdrErrors': 'wrong IPv6 header',
  'Ip.InDiscards': 'the IP layer dropped it on input',
  'Ip6.InDiscards': 'the IP layer dropped it on input',
  'Ip.OutDiscards': 'the IP layer dropped it on output: a full queue, no memory, or a neighbour that does not answer',
  'Ip6.OutDiscards': 'the IP layer dropped it on output: a full queue, no memory, or a neighbour that does not answer',
  'Ip.OutNoRoutes': 'no route',
  'Ip6.OutNoRoutes': 'no route',
  'softnet.dropped': 'the backlog of a core was full: pace the sender or raise net.core.netdev_max_backlog',
} as const;

/** Counted as well, to hold losses against. */
const TRAFFIC = [
  'Udp.InDatagrams',
  'Udp6.InDatagrams',
  'Udp.OutDatagrams',
  'Udp6.OutDatagrams',
  'Ip.InReceives',
  'Ip6.InReceives',
  'Ip.ReasmReqds',
  'Ip6.ReasmReqds',
  'Ip.ReasmOKs',
  'Ip6.ReasmOKs',
  'Ip.FragCreates',
  'Ip6.FragCreates',
] as const;

export type LossCounter = keyof typeof LOSSES;
export type KernelCounter = LossCounter | (typeof TRAFFIC)[number];
export type KernelCounters = Readonly<Record<KernelCounter, number>>;

const LOSS_NAMES = Object.keys(LOSSES) as LossCounter[];
const NAMES: readonly KernelCounter[] = [...LOSS_NAMES, ...TRAFFIC];

/**
 * Counters of the calling thread's network namespace; `softnet.dropped` is the whole machine's. A counter that this
 * kernel has not reads 0.
 */
export function readKernelCounters(): KernelCounters {
  // thread-self: a worker may be in another namespace than its process
  const read = (name: string) => readOrNull(`/proc/thread-self/net/${name}`) ?? '';
  return parseKernelCounters(read('snmp'), read('snmp6'), read('softnet_stat'));
}

export function parseKernelCounters(snmp: string, snmp6: string, softnetStat: string): KernelCounters {
  const found = new Map([...parseSnmp(snmp), ...parseSnmp6(snmp6), ['softnet.dropped', softnetDropped(softnetStat)]]);
  return Object.fromEntries(NAMES.map((name) => [name, found.get(name) ?? 0])) as KernelCounters;
}

/** What was counted between the two. */
export function diffKernelCounters(before: KernelCounters, after: KernelCounters): KernelCounters {
  return Object.fromEntries(NAMES.map((name) => [name, after[name] - before[name]])) as KernelCounters;
}

export interface KernelLoss {
  readonly counter: LossCounter;
  readonly count: number;
  /** Why, and what to do about it. */
  readonly meaning: string;
}

/** The losses in a difference, those that were counted only. */
export function explainLosses(difference: KernelCounters): KernelLoss[] {
  return LOSS_NAMES.filter((counter) => difference[counter] > 0).map((counter) => ({
    counter,
    count: difference[counter],
    meaning: LOSSES[counter],
  }));
}

/** Pairs of lines, names and values: `Udp: InDatagrams NoPorts …` and `Udp: 5 0 …`. */
function parseSnmp(text: string): [string, number][] {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  return lines.flatMap(([protocol = '', ...names], row) => {
    const values = lines[row + 1];
    if (row % 2 !== 0 || values?.[0] !== protocol) return [];
    return names.map((name, column): [string, number] => [
      protocol.replace(':', '.') + name,
      Number(values[column + 1]),
    ]);
  });
}

/** One counter a line: `Udp6RcvbufErrors  0`. */
function parseSnmp6(text: string): [string, number][] {
  return [...text.matchAll(/^(Ip6|Udp6)(\w+)\s+(\d+)$/gm)].map(([, protocol, name, value]) => [
    `${protocol}.${name}`,
    Number(value),
  ]);
}

/** Packets of the whole machine that the backlog of a core had no room for; null where that cannot be read. */
export function readBacklogDrops(): number | null {
  const text = readOrNull('/proc/thread-self/net/softnet_stat');
  return text === null ? null : softnetDropped(text);
}

/** One line a core, hexadecimal; the second column is what its backlog had no room for. */
function softnetDropped(text: string): number {
  const rows = text.split('\n').filter((line) => line.trim() !== '');
  return rows.reduce((sum, row) => sum + Number.parseInt(row.trim().split(/\s+/)[1] ?? '0', 16), 0);
}
