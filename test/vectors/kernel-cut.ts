import { sendTo } from '../../src/app/compare/cutters.js';
import {
  AF_PACKET,
  IPPROTO_IPV6,
  MSG_DONTWAIT,
  SO_RCVBUF,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_SOCKET,
} from '../../src/host/constants.js';
import { LAB } from '../../src/host/lab.js';
import { libc } from '../../src/host/libc.js';
import { lastError, openSocket, SEND_BUFFER, setSockOptInt } from '../../src/host/socket-calls.js';
import { SegmentTable } from '../../src/memory/segment-table.js';
import type { Flow } from '../../src/skb/flow.js';
import { kfreeSkb } from '../../src/skb/release.js';
import { sockaddrLl } from '../../src/tx/af-packet.js';
import { setHeaderOptions } from '../../src/tx/kernel-udp/header-options.js';
import { UdpPort } from '../../src/tx/kernel-udp/port.js';
import { openVirtioUfo } from '../../src/tx/packet/virtio-ufo.js';
import { ipMakeSkb } from '../../src/ufo/make-skb.js';
import { pushWhole } from '../../src/ufo/segment.js';
import { HEADER_LEN as ETHERNET_LEN, ETHERTYPE_IPV4 } from '../../src/wire/ethernet.js';
import { sendRows } from '../live/send-rows.js';
import { Cutter } from '../ufo/cut.js';
import { flow4, flow6, octets } from '../ufo/flows.js';

/** <linux/in6.h> */
const IPV6_AUTOFLOWLABEL = 70;
const ICMPV6 = 58;

/** The flow of the near host to the far one whose datagrams are compared. */
export function labFlow(family: 4 | 6, more: Partial<Flow> = {}): Flow {
  return family === 4
    ? flow4({ source: octets(LAB.near.ipv4), destination: octets(LAB.far.ipv4), ...more })
    : flow6({ source: octets(LAB.near.ipv6), destination: octets(LAB.far.ipv6), ...more });
}

/** Sends by an ordinary UDP socket with the headers of the flow; the IP packets that left near0. */
export function cutBySocket(flow: Flow, payload: Uint8Array): Uint8Array[] {
  const watch = openWatch();
  const ifindex = libc().if_nametoindex(LAB.near.interface);
  const port = UdpPort.open(flow, ifindex, SEND_BUFFER, null);
  try {
    port.prepare(flow, ifindex);
    if (flow.family === 6) setSockOptInt(port.fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
    sendTo(port.fd, setHeaderOptions(port.fd, flow), flow.destinationPort, payload, ifindex);
    return drain(watch, flow);
  } finally {
    port.close();
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

/** A packet socket that sees what leaves near0; on veth it has all of it before the send returns. */
/** All protocols (<linux/if_ether.h>). */
const ETH_P_ALL = 0x0003;

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
