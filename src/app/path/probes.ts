import { grouped } from '../../report/grouped.js';
import { DESTINATION_OPTIONS, HOP_BY_HOP } from '../../wire/ipv6-extension.js';
import { largestPayload } from './limits.js';
import type { Probe } from './probe.js';

/** What the path is asked with. */
interface ProbeWish {
  readonly family: 4 | 6;
  /** Of the way out, octets. */
  readonly mtu: number;
  /** Datagrams for questions of rate; 0: none, because answers are rationed. */
  readonly burst: number;
}

const UDP_HEADER_LEN = 8;
/** Packets that no filter of sizes minds. */
const SMALL_MTU = 296;
const TWICE = { count: 2, gapMs: 40 };
/** Datagrams in three fragments. */
const SMALL = { size: 600, mtu: SMALL_MTU, ...TWICE };

/** Every path is asked these, in this order. */
export function probes({ family, mtu, burst }: ProbeWish): Probe[] {
  const whole = mtu - (family === 4 ? 20 : 40) - UDP_HEADER_LEN;
  return [
    { name: 'small', title: 'a small packet', size: 64, count: 3, gapMs: 40 },
    { name: 'full', title: `a packet of ${mtu} octets`, size: whole, ...TWICE },
    ...(family === 4 ? [withDf(whole)] : []),
    { name: 'fragments-small', title: `fragments of ${SMALL_MTU} octets`, ...SMALL },
    { name: 'fragments-full', title: `fragments of ${mtu} octets`, size: 2 * mtu, ...TWICE },
    { name: 'reverse', title: 'fragments, the last one first', ...SMALL, plan: 'reverse' },
    { name: 'tiny', title: 'a first fragment of 8 octets', ...SMALL, plan: 'tiny(8)' },
    ...withHeaders(family),
    { name: 'ttl', title: `a ${family === 4 ? 'TTL' : 'hop limit'} of 128`, size: 64, ttl: 128, ...TWICE },
    ...(burst > 0 ? bursts(burst) : []),
    ...sizes(mtu, largestPayload(family)),
  ];
}

function withDf(size: number): Probe {
  return { name: 'full-df', title: 'the same with DF', size, dontFragment: true, ...TWICE };
}

function withHeaders(family: 4 | 6): Probe[] {
  const header = family === 4 ? { options: NOPS } : { extensionHeaders: PADDED };
  const title = family === 4 ? 'IPv4 options' : 'hop-by-hop and destination options';
  return [
    { name: 'options', title, size: 64, ...header, ...TWICE },
    { name: 'options-fragments', title: `${title}, in fragments`, ...SMALL, ...header },
  ];
}

function bursts(count: number): Probe[] {
  return [
    { name: 'burst', title: `${count} packets at once`, size: 200, count, gapMs: 0 },
    { name: 'burst-fragments', title: `${count} datagrams in 3 fragments at once`, ...SMALL, count, gapMs: 0 },
  ];
}

/** Datagrams of growing size, up to the largest. */
function sizes(mtu: number, largest: number): Probe[] {
  return [4_000, 8_000, 16_000, 32_000, largest].filter((size) => size > 2 * mtu).map((size) => ofSize(size));
}

export function ofSize(size: number): Probe {
  return { name: `size-${size}`, title: `${grouped(size)} octets in fragments`, size, ...TWICE };
}

/** One packet of so many octets, to find the largest that passes. */
export function ofPacketLen(family: 4 | 6, len: number, dontFragment: boolean): Probe {
  const size = len - (family === 4 ? 20 : 40) - UDP_HEADER_LEN;
  const title = `a packet of ${len} octets${dontFragment ? ' with DF' : ''}`;
  return { name: `packet-${len}`, title, size, dontFragment, ...TWICE, patienceMs: 400 };
}

/** Only the first fragment goes: the far end says Time Exceeded when it has waited long enough for the rest. */
export function firstOnly(family: 4 | 6): Probe & { readonly patienceMs: number } {
  const patienceMs = family === 4 ? 33_000 : 63_000; // ipfrag_time of Linux is 30 s and 60 s
  const { size, mtu } = SMALL;
  return {
    name: 'first-only',
    title: 'a first fragment alone',
    size,
    mtu,
    plan: 'drop(2, 3)',
    count: 1,
    gapMs: 0,
    patienceMs,
  };
}

/** Numbers of fragments that the far end is asked to put together; more at once overrun backlogs (netdev_max_backlog). */
export const FRAGMENT_COUNTS = [64, 256, 1000] as const;

/** A datagram in so many fragments of 8 octets. */
export function ofFragments(count: number): Probe {
  const size = 8 * count - UDP_HEADER_LEN;
  const title = `${grouped(count)} fragments of 8 octets`;
  return { name: `limit-fragments-${count}`, title, size, plan: 'sizes(8)', ...TWICE };
}

/**
 * How late the last fragments come, seconds, as `Prober.askWaits` sends them: on both sides of how long known hosts wait (15, 30
 * and 60 s; RFC 1122 §3.3.2 wants 60 to 120, RFC 8200 §4.5 60).
 */
export const WAITS_S = [4, 13, 17, 28, 33, 45, 57, 63] as const;

/** Datagrams whose last fragment comes so late. */
export function ofWait(seconds: number): Probe {
  return { name: `wait-${seconds}`, title: `a last fragment ${seconds} s behind the others`, ...SMALL, gapMs: 0 };
}

/** Four NOPs (RFC 791 §3.1): nothing to do for anybody. */
const NOPS = Uint8Array.of(1, 1, 1, 1);
/** A header of 8 octets with PadN alone (RFC 8200 §4.2); its first octet is written by who chains it. */
const PADN = Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0);
const PADDED = [
  { type: HOP_BY_HOP, octets: PADN },
  { type: DESTINATION_OPTIONS, octets: PADN },
] as const;
