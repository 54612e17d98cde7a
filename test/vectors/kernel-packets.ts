import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hex } from '../wire/helpers.js';
import { headLen, type KernelPacket, type KernelVector, payloadOf } from './kernel-vector.js';

/** The kernel they were captured on, and what it cut. */
export function readKernelVectors(): { readonly kernel: string; readonly vectors: readonly KernelVector[] } {
  const file = new URL('../../../test/vectors/kernel-vectors.jsonl', import.meta.url);
  const [head, ...vectors] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line)) as [{ kernel: string }, ...KernelVector[]];
  return { kernel: head.kernel, vectors };
}

/** The packets of a vector octet by octet: headers as captured, payload as it was made; their digests tell that they are. */
export function kernelPackets(vector: KernelVector): Uint8Array[] {
  const payload = payloadOf(vector.len);
  let at = 0;
  return vector.packets.map((packet) => {
    const head = hex(packet.head);
    const found = candidates(vector).find((len) => isWhole(packet, whole(packet, head, payload, len, at)));
    if (found === undefined) throw new Error(`${vector.name}: a packet is not what was sent`);
    const octets = whole(packet, head, payload, found, at);
    at += packet.len - found;
    return octets;
  });
}

/** Octets that stand in front of the payload: with the UDP header and behind all extension headers, or without some of them. */
function candidates({ family, options, extensionHeaders }: KernelVector): number[] {
  const all = headLen(family, options, extensionHeaders);
  return Array.from({ length: all }, (_, i) => all - i);
}

function whole(packet: KernelPacket, head: Uint8Array, payload: Uint8Array, len: number, at: number): Uint8Array {
  const octets = new Uint8Array(packet.len);
  if (len > packet.len) return octets;
  octets.set(head.subarray(0, len));
  octets.set(payload.subarray(at, at + packet.len - len), len);
  return octets;
}

function isWhole({ digest }: KernelPacket, octets: Uint8Array): boolean {
  return createHash('sha256').update(octets).digest('hex').slice(0, 32) === digest;
}
