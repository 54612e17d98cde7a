import { createHash } from 'node:crypto';
import { noise, toHex } from '../wire/helpers.js';

/** One datagram as the kernel cut it. Addresses, ports, TTL and TOS are those of `labFlow`. */
export interface KernelVector {
  readonly name: string;
  /** `socket`: an ordinary UDP socket (`ip_append_data`, `ip_fragment`); `ufo`: GSO_UDP through a packet socket. */
  readonly by: 'socket' | 'ufo';
  readonly family: 4 | 6;
  readonly mtu: number;
  /** Octets of payload, of `payloadOf`. */
  readonly len: number;
  /** IPv4 options on the wire, in the first fragment, as hex. */
  readonly options: string;
  /** IPv6 extension headers, type and octets as hex. */
  readonly extensionHeaders: readonly (readonly [type: number, octets: string])[];
  readonly packets: readonly KernelPacket[];
}

export interface KernelPacket {
  /** Octets of the IP packet. */
  readonly len: number;
  /** Its first octets: the headers, and a little more. */
  readonly head: string;
  /** Of the whole packet, the first 128 bits of SHA-256. */
  readonly digest: string;
}

/** What the vectors' datagrams carry. */
export function payloadOf(len: number): Uint8Array {
  return noise(len, len + 1);
}

/** `headLen` octets of the packet in plain, all of it in the digest. */
export function describePacket(packet: Uint8Array, headLen: number): KernelPacket {
  const digest = createHash('sha256').update(packet).digest('hex').slice(0, 32);
  return { len: packet.length, head: toHex(packet.subarray(0, headLen)), digest };
}

/** Octets of headers in the first packet: all but the payload; what `head` holds. */
export function headLen(family: 4 | 6, options: string, extensionHeaders: KernelVector['extensionHeaders']): number {
  const extensions = extensionHeaders.reduce((sum, [, octets]) => sum + octets.length / 2, 0);
  return family === 4 ? 28 + options.length / 2 : 40 + extensions + 8 + 8;
}
