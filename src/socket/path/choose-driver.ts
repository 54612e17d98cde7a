import type { DriverName } from '../../tx/net-device.js';
import { iterateOptions } from '../../wire/ipv4-options.js';
import type { SocketOptions } from '../options.js';

/** A driver that `auto` may take, or why it is passed over. */
export interface Candidate {
  readonly driver: DriverName;
  /** null: it can do what was asked. */
  readonly refusal: string | null;
}

/** Frames longer than this need more than the largest chunk of an AF_XDP UMEM, a page. */
const XDP_FRAME_LEN = 4_000;

/**
 * The drivers in the order that `auto` tries them, fastest first as `udp-ufo bench` measures them. Whole datagrams handed to
 * the kernel are fastest, but only where the kernel cuts as was asked for; otherwise our own cutting is, by AF_XDP first.
 */
export function candidates(options: SocketOptions, family: 4 | 6, mtu: number): Candidate[] {
  const invisible = options.visible === true;
  const hop = options.destinationMac !== undefined || options.vlans !== undefined;
  return [
    { driver: 'virtio-ufo', refusal: ufoRefusal(options, family) },
    {
      driver: 'af-xdp',
      refusal: invisible
        ? 'captures on the same interface do not see it'
        : mtu > XDP_FRAME_LEN
          ? `frames of ${mtu} octets are longer than its chunks`
          : null,
    },
    { driver: 'packet-socket', refusal: null },
    { driver: 'raw-socket', refusal: hop ? 'the kernel writes its link header' : null },
  ];
}

/** What the kernel's UFO cannot do as asked; the datagram would be cut here, and AF_XDP does that faster. */
function ufoRefusal(options: SocketOptions, family: 4 | 6): string | null {
  if (options.checksum === false) return 'without a UDP checksum there is nothing to offload';
  if ((options.extensionHeaders ?? []).length > 0) return "the kernel's UFO miscounts IPv6 extension headers";
  if (family === 6 && options.idents !== undefined) return 'the kernel picks IPv6 fragment ids itself';
  for (const { type, copied } of iterateOptions(options.options ?? new Uint8Array(0))) {
    if (!copied && type > 1) return 'the kernel would repeat IPv4 options without the copied flag';
  }
  return null;
}
