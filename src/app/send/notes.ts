import { insideLab } from '../../host/lab-info.js';
import { readOrNull } from '../../host/read-or-null.js';
import type { RateWish } from '../../options/parse-rate.js';
import type { PathInfo } from '../../socket/path/info.js';
import { identWrapSeconds, REASSEMBLY_TIME_4 } from '../../ufo/ident.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as udp from '../../wire/udp.js';

/** Fragments that DPDK's reassembly takes by default (RTE_LIBRTE_IP_FRAG_MAX_FRAG). */
const DPDK_FRAGMENTS = 8;
/** Snabb's IPv6 reassembly: fragments and octets. */
const SNABB_FRAGMENTS = 40;
const SNABB_OCTETS = 10_240;
/** IPv4 ids there are. */
const IDENTS = 0xffff;

export interface SendPlan {
  readonly path: PathInfo;
  /** Packets and octets of the largest datagram. */
  readonly packets: number;
  readonly octets: number;
  /** Datagrams; Infinity where only time ends it, null where nobody knows before the end. */
  readonly count: number | null;
  readonly rate: RateWish | undefined;
}

/** What a user should know before these datagrams leave. */
export function sendNotes(plan: SendPlan): string[] {
  return [...plan.path.notes, ...receiverNotes(plan), ...identNotes(plan)];
}

function receiverNotes({ path, packets, octets }: SendPlan): string[] {
  const limits: string[] = [];
  if (packets > DPDK_FRAGMENTS) limits.push(`DPDK ${DPDK_FRAGMENTS} fragments unless built for more`);
  if (path.family === 6 && (packets > SNABB_FRAGMENTS || (packets > 1 && octets > SNABB_OCTETS))) {
    limits.push(`Snabb ${SNABB_FRAGMENTS} fragments or ${SNABB_OCTETS} octets`);
  }
  const notes = limits.length === 0 ? [] : [`some receivers reassemble less than this: ${limits.join('; ')}`];
  const room = packets > 1 && toLab(path) ? reassemblyRoom(path.family) : null;
  // The kernel counts what the fragments stand for in memory, about twice their octets.
  if (room !== null && room < 2 * octets) {
    notes.push(`this kernel holds no more than ${room} octets of fragments: raise ${THRESHOLD[path.family]}`);
  }
  return notes;
}

const THRESHOLD = { 4: 'net.ipv4.ipfrag_high_thresh', 6: 'net.ipv6.ip6frag_high_thresh' } as const;

function toLab({ destination }: PathInfo): boolean {
  const far = insideLab()?.far;
  return destination === far?.ipv4 || destination === far?.ipv6;
}

function reassemblyRoom(family: 4 | 6): number | null {
  const text = readOrNull(`/proc/sys/${THRESHOLD[family].replaceAll('.', '/')}`);
  return text === null ? null : Number(text);
}

/** RFC 4963: a piece of an older datagram under the same id may be joined to a newer one. */
export function identNotes({ path, packets, octets, count, rate }: SendPlan): string[] {
  if (path.family === 6 || packets === 1 || count === null || count <= IDENTS) return [];
  const perSecond = datagramsPerSecond(rate, { packets, octets });
  if (identWrapSeconds(perSecond) >= REASSEMBLY_TIME_4) return [];
  return [
    `IPv4 ids come again within the ${REASSEMBLY_TIME_4} s that a receiver waits for fragments (RFC 4963): should one be lost, ` +
      `wrong pieces may be joined; at most ${Math.floor(IDENTS / REASSEMBLY_TIME_4)} datagrams/s are safe`,
  ];
}

function datagramsPerSecond(
  rate: RateWish | undefined,
  { packets, octets }: Pick<SendPlan, 'packets' | 'octets'>,
): number {
  if (rate === undefined) return Number.POSITIVE_INFINITY;
  const bits = 8 * (octets + udp.HEADER_LEN + packets * ipv4.HEADER_LEN);
  return rate.perSecond / { datagrams: 1, fragments: packets, bits }[rate.unit];
}
