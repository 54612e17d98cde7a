import {
  AF_INET,
  AF_INET6,
  AF_PACKET,
  ETH_P_ALL,
  IP_MTU_DISCOVER,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_MTU_DISCOVER,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  MSG_DONTWAIT,
  SO_RCVBUF,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_SOCKET,
} from '../../src/host/constants.js';
import { LAB } from '../../src/host/lab.js';
import { libc } from '../../src/host/libc.js';
import { lastError, openSocket, setSockOptInt } from '../../src/host/socket-calls.js';
import { SegmentTable } from '../../src/memory/segment-table.js';
import type { ExtensionHeader, Flow } from '../../src/skb/flow.js';
import { kfreeSkb } from '../../src/skb/release.js';
import { sockaddrLl } from '../../src/tx/af-packet.js';
import { openVirtioUfo } from '../../src/tx/packet/virtio-ufo.js';
import { ipMakeSkb } from '../../src/ufo/make-skb.js';
import { pushWhole } from '../../src/ufo/segment.js';
import { HEADER_LEN as ETHERNET_LEN, ETHERTYPE_IPV4 } from '../../src/wire/ethernet.js';
import { sendRows } from '../live/send-rows.js';
import { Cutter } from '../ufo/cut.js';
import { flow4, flow6, octets } from '../ufo/flows.js';

// <linux/in.h>, <linux/in6.h>
const IP_OPTIONS = 4;
const IPV6_HOPOPTS = 54;
const IPV6_RTHDRDSTOPTS = 55;
const IPV6_RTHDR = 57;
const IPV6_DSTOPTS = 59;
const IPV6_AUTOFLOWLABEL = 70;
const ICMPV6 = 58;

/** What an ordinary UDP socket of the near host is told. */
export interface SocketWish {
  readonly family: 4 | 6;
  readonly payload: Uint8Array;
  /** As setsockopt(IP_OPTIONS) wants them: a source route begins with the first hop. */
  readonly options?: Uint8Array;
  /** Sticky options in the order hop-by-hop, destination, routing, destination. */
  readonly extensionHeaders?: readonly ExtensionHeader[];
  /** Where sendto(2) points: the far host unless there is a source route. */
  readonly destination?: string;
}

/** The flow of the near host to the far one whose datagrams are compared. */
export function labFlow(family: 4 | 6, more: Partial<Flow> = {}): Flow {
  return family === 4
    ? flow4({ source: octets(LAB.near.ipv4), destination: octets(LAB.far.ipv4), ...more })
    : flow6({ source: octets(LAB.near.ipv6), destination: octets(LAB.far.ipv6), ...more });
}

/** Sends by an ordinary UDP socket; the IP packets that left near0. */
export function cutBySocket(wish: SocketWish): Uint8Array[] {
  const watch = openWatch();
  const fd = openSocket(wish.family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    const flow = labFlow(wish.family);
    setOptions(fd, wish, flow);
    const source = sockaddrIn(flow.source, flow.sourcePort);
    if (libc().bind(fd, source, source.length) < 0) throw lastError('bind');
    const to = sockaddrIn(wish.destination === undefined ? flow.destination : octets(wish.destination), 9999);
    const sent = libc().sendto(fd, wish.payload, wish.payload.length, 0, to, to.length);
    if (sent !== wish.payload.length) throw lastError('sendto');
    return drain(watch, flow);
  } finally {
    libc().close(fd);
    libc().close(watch);
  }
}

/** Hands a whole datagram to the kernel's UFO by a packet socket; the IP packets that left near0. */
export async function cutByUfo(flow: Flow, ident: number, payload: Uint8Array): Promise<Uint8Array[]> {
  await using device = await openVirtioUfo({ interface: LAB.near.interface });
  const watch = openWatch();
  try {
    const linked = { ...flow, linkHeader: await device.linkHeader(flow) };
    const cutter = new Cutter();
    const skb = cutter.build(linked, payload, 'linear');
    ipMakeSkb(skb, linked, ident);
    const table = new SegmentTable(cutter.pool.memory);
    pushWhole(table, skb, 0);
    await sendRows(device, { table, pool: cutter.pool, skbs: [skb] });
    kfreeSkb(skb);
    return drain(watch, flow);
  } finally {
    libc().close(watch);
  }
}

function setOptions(fd: number, wish: SocketWish, flow: Flow): void {
  if (wish.family === 4) {
    setSockOptInt(fd, IPPROTO_IP, IP_MTU_DISCOVER, 0);
    setSockOptInt(fd, IPPROTO_IP, IP_TTL, flow.ttl);
    setSockOptInt(fd, IPPROTO_IP, IP_TOS, flow.tos);
    if (wish.options !== undefined) setOctets(fd, IPPROTO_IP, IP_OPTIONS, wish.options);
    return;
  }
  setSockOptInt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, 0);
  setSockOptInt(fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
  setSockOptInt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, flow.ttl);
  setSockOptInt(fd, IPPROTO_IPV6, IPV6_TCLASS, flow.tos);
  const headers = wish.extensionHeaders ?? [];
  const routing = headers.findIndex(({ type }) => type === 43);
  headers.forEach(({ type, octets: value }, i) => {
    const name = { 0: IPV6_HOPOPTS, 43: IPV6_RTHDR, 60: i < routing ? IPV6_RTHDRDSTOPTS : IPV6_DSTOPTS }[type]!;
    setOctets(fd, IPPROTO_IPV6, name, value);
  });
}

function setOctets(fd: number, level: number, name: number, value: Uint8Array): void {
  if (libc().setsockopt(fd, level, name, value, value.length) < 0) {
    throw lastError('setsockopt', { reason: `level ${level}, option ${name}` });
  }
}

/** `struct sockaddr_in` or `sockaddr_in6`. */
function sockaddrIn(address: Uint8Array, port: number): Uint8Array {
  const four = address.length === 4;
  const bytes = new Uint8Array(four ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, four ? AF_INET : AF_INET6, true);
  view.setUint16(2, port);
  bytes.set(address, four ? 4 : 8);
  return bytes;
}

/** A packet socket that sees what leaves near0; on veth it has all of it before the send returns. */
function openWatch(): number {
  const fd = openSocket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  setSockOptInt(fd, SOL_SOCKET, SO_RCVBUF, 4 << 20);
  const address = sockaddrLl(ETH_P_ALL, libc().if_nametoindex(LAB.near.interface));
  if (libc().bind(fd, address, address.length) < 0) throw lastError('bind');
  return fd;
}

/** The IP packets from flow's source to its destination, link header taken off, without neighbour discovery. */
function drain(watch: number, flow: Flow): Uint8Array[] {
  const packets: Uint8Array[] = [];
  const frame = new Uint8Array(1 << 17);
  const view = new DataView(frame.buffer);
  const want = Buffer.concat([flow.source, flow.destination]);
  for (;;) {
    const len = libc().recv(watch, frame, frame.length, MSG_DONTWAIT);
    if (len < 0) return packets;
    const addresses = ETHERNET_LEN + (flow.family === 4 ? 12 : 8);
    const right = (view.getUint16(12) === ETHERTYPE_IPV4) === (flow.family === 4);
    if (!right || want.compare(frame, addresses, addresses + want.length) !== 0) continue;
    if (flow.family === 6 && frame[ETHERNET_LEN + 6] === ICMPV6) continue;
    packets.push(frame.slice(ETHERNET_LEN, len));
  }
}
