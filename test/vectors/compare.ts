import assert from 'node:assert/strict';
import type { Flow } from '../../src/skb/flow.js';
import { type Cutter, packetList } from '../ufo/cut.js';
import { hex } from '../wire/helpers.js';
import { describePacket, headLen, type KernelVector, payloadOf } from './kernel-vector.js';

/** `flow` with the headers of a vector. */
export function vectorFlow(flow: Flow, { mtu, options, extensionHeaders }: KernelVector): Flow {
  const headers = extensionHeaders.map(([type, octets]) => ({ type, octets: hex(octets) }));
  return { ...flow, mtu, options: hex(options), extensionHeaders: headers };
}

/** Our packets of the vector's datagram, under the id that the kernel drew; `partial` as in `Cutter.cut`. */
export function ourPackets(cutter: Cutter, flow: Flow, vector: KernelVector, partial: boolean): Uint8Array[] {
  return packetList(cutter.cut(flow, kernelIdent(vector), payloadOf(vector.len), 'linear', partial));
}

/** Fails unless the packets are those of the vector, octet by octet; names the first that differs. */
export function assertSame(ours: readonly Uint8Array[], vector: KernelVector): void {
  const head = headLen(vector.family, vector.options, vector.extensionHeaders);
  const described = ours.map((packet) => describePacket(packet, head));
  assert.equal(described.length, vector.packets.length, `${vector.name}: packets`);
  described.forEach((packet, i) => void assert.deepEqual(packet, vector.packets[i], `${vector.name}: packet ${i}`));
}

/** The id in the first packet: of the IPv4 header, or of the fragment header; 0 for an IPv6 packet without one. */
export function kernelIdent({ family, packets, extensionHeaders }: KernelVector): number {
  const { head } = packets[0]!;
  const octets = hex(head);
  const view = new DataView(octets.buffer);
  if (family === 4) return view.getUint16(4);
  if (packets.length === 1) return 0;
  const routing = extensionHeaders.findLastIndex(([type]) => type !== 60) + 1;
  const before = extensionHeaders.slice(0, routing).reduce((sum, [, text]) => sum + text.length / 2, 0);
  return view.getUint32(40 + before + 4);
}
