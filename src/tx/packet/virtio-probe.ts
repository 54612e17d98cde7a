import { ERRNO, errnoName } from '../../errors.js';
import { MSG_DONTWAIT, PACKET_QDISC_BYPASS, PACKET_VNET_HDR, SOL_PACKET } from '../../host/constants.js';
import { lastErrno, libc } from '../../host/libc.js';
import { setSockOptInt } from '../../host/socket-calls.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as udp from '../../wire/udp.js';
import * as virtio from '../../wire/virtio-net-hdr.js';
import { openPacketFd, PacketNames, SOCKADDR_LL_LEN } from '../af-packet.js';
import type { Link } from '../link.js';

const SEND_BUFFER = 65_536;
const PAYLOAD_LEN = 2000;
const GSO_SIZE = 512;
/** Locally administered, nobody's. */
const NOWHERE = Uint8Array.of(2, 0, 0, 0, 0, 0);

/** What is asked for: fragments, or datagrams (Linux 6.2). */
const NAMES = { [virtio.GSO_UDP]: 'GSO_UDP', [virtio.GSO_UDP_L4]: 'GSO_UDP_L4' } as const;
export type GsoKind = keyof typeof NAMES;

/**
 * Why this kernel will not cut UDP datagrams of a family for packet sockets; null where it will.
 *
 * A datagram to be cut is really handed to `packet_snd`, which refuses an unknown GSO type with EINVAL. It never gets
 * further: the socket has PACKET_QDISC_BYPASS, and that path drops whatever the stack has to cut first (ENOBUFS, which is
 * thus the good answer, and counted as one `tx_dropped` of the interface). Not for an interface that cuts by itself: there
 * the datagram would go out.
 */
export function probeGso(kind: GsoKind, ifindex: number, link: Link, family: 4 | 6): string | null {
  const fd = openPacketFd(ifindex, SEND_BUFFER);
  try {
    setSockOptInt(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
    setSockOptInt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
    const packet = probePacket(kind, link, family);
    const name = new PacketNames(link, ifindex).addressOf(family);
    if (libc().sendto(fd, packet, packet.length, MSG_DONTWAIT, name, SOCKADDR_LL_LEN) >= 0) return null;
    const errno = lastErrno();
    if (errno === ERRNO.ENOBUFS || errno === ERRNO.ENETDOWN) return null;
    return `the kernel refuses ${NAMES[kind]} for IPv${family} on packet sockets (${errnoName(errno)})`;
  } finally {
    libc().close(fd);
  }
}

function probePacket(kind: GsoKind, { headless }: Link, family: 4 | 6): Uint8Array {
  const networkLen = (family === 4 ? ipv4 : ipv6).HEADER_LEN;
  const etherType = ethernet.etherTypeOf(family);
  const linkLen = headless ? 0 : ethernet.HEADER_LEN;
  const network = virtio.HEADER_LEN + linkLen;
  const transport = network + networkLen;
  const udpLen = udp.HEADER_LEN + PAYLOAD_LEN;
  const packet = new Uint8Array(transport + udpLen);
  const view = new DataView(packet.buffer);
  virtio.emit(view, 0, gsoHeader(kind, linkLen + networkLen));
  if (!headless)
    ethernet.emit(view, virtio.HEADER_LEN, { destination: NOWHERE, source: NOWHERE, vlans: [], etherType });
  if (family === 4) {
    ipv4.setHeaderLen(view, network, networkLen);
    ipv4.setTotLen(view, network, networkLen + udpLen);
    ipv4.setTtl(view, network, 1);
    ipv4.setProtocol(view, network, udp.PROTOCOL);
    ipv4.fillChecksum(view, network);
  } else {
    ipv6.setClassAndFlow(view, network, 0, 0);
    ipv6.setPayloadLen(view, network, udpLen);
    ipv6.setNextHeader(view, network, udp.PROTOCOL);
  }
  udp.setLength(view, transport, udpLen);
  return packet;
}

/** A header that asks for the UDP checksum and the cutting, the UDP header beginning `csumStart` octets into the frame. */
function gsoHeader(gsoType: GsoKind, csumStart: number): virtio.VirtioNetHdr {
  const hdrLen = csumStart + udp.HEADER_LEN;
  return { flags: virtio.F_NEEDS_CSUM, gsoType, hdrLen, gsoSize: GSO_SIZE, csumStart, csumOffset: udp.CHECKSUM };
}
