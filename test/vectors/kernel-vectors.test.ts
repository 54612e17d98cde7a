import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pseudoHeaderSum, updateChecksum } from '../../src/wire/checksum.js';
import * as ipv4 from '../../src/wire/ipv4.js';
import { Cutter } from '../ufo/cut.js';
import { flow4, flow6, octets } from '../ufo/flows.js';
import { hex, viewOf } from '../wire/helpers.js';
import { assertSame, ourPackets, vectorFlow } from './compare.js';
import { readKernelVectors } from './kernel-packets.js';
import type { KernelVector } from './kernel-vector.js';

const { kernel, vectors } = readKernelVectors();
const cutter = new Cutter();

/**
 * Where the kernel's rules are not ours, all of them of its UDP socket: what our packets have to be turned into to be the
 * kernel's. Everything that is not named here is the same, octet by octet.
 */
const DIFFERENCES: readonly { why: string; names: RegExp; count: number; compare(vector: KernelVector): void }[] = [
  {
    why: 'ip_append_data lets the last piece fill an MTU that is no multiple of 8; ours is cut at gsoSize as UFO does',
    names: /^socket, IPv4, MTU (575, 109[79]|1499, 29(37|40|43)) octets$/,
    count: 5,
    compare: (vector) => assertSame(joinLastTwo(ours(vector)), vector),
  },
  {
    why: 'udp_sendmsg sums the first hop of a source route into the pseudo-header, which the last host cannot verify',
    names: /^socket, IPv4, loose source route/,
    count: 4,
    compare: (vector) => assertSame(sumFirstHop(ours(vector), vector), vector),
  },
  {
    why: 'ip6_find_1stfragopt repeats destination options without a routing header; RFC 8200 §4.5 has them cut',
    names: /^socket, IPv6, destination options, MTU \d+, 4000 octets/,
    count: 2,
    compare: ({ packets }) => {
      for (const { head } of packets) assert.match(head, /^.{12}3c.{66}2c01010c0{24}11/);
      const len = packets.reduce((sum, packet) => sum + packet.len - 40 - 16 - 8, 0);
      assert.equal(len, 4008);
    },
  },
];

/**
 * Our packets. A packet that was not cut left the kernel with the sum for its device to finish, unless extension headers kept it
 * from that.
 */
function ours(vector: KernelVector): Uint8Array[] {
  const flow = vectorFlow(vector.family === 4 ? flow4() : flow6(), vector);
  return ourPackets(cutter, flow, vector, vector.packets.length === 1 && vector.extensionHeaders.length === 0);
}

/** IPv4 fragments with the last two put together. */
function joinLastTwo(packets: readonly Uint8Array[]): Uint8Array[] {
  const [before, last] = packets.slice(-2);
  const joined = Buffer.concat([before!, last!.subarray(20)]);
  ipv4.setTotLen(viewOf(joined), 0, joined.length);
  ipv4.setFragOff(viewOf(joined), 0, ipv4.getFragOff(viewOf(joined), 0));
  ipv4.fillChecksum(viewOf(joined), 0);
  return [...packets.slice(0, -2), joined];
}

/** The UDP checksum as it is with the header's destination in the place of the route's last address. */
function sumFirstHop([first, ...rest]: readonly Uint8Array[], { len, packets }: KernelVector): Uint8Array[] {
  const packet = first!.slice();
  const view = viewOf(packet);
  const at = ipv4.getHeaderLen(view, 0) + 6;
  const [hop, final] = [ipv4.getDestination(view, 0), octets('198.51.100.7')];
  let check = view.getUint16(at);
  for (const i of [0, 2]) check = updateChecksum(check, viewOf(final).getUint16(i), viewOf(hop).getUint16(i));
  view.setUint16(at, packets.length > 1 ? check : pseudoHeaderSum(ipv4.getSource(view, 0), hop, 17, len + 8));
  return [packet, ...rest];
}

describe(`datagrams cut by Linux ${kernel}`, () => {
  for (const vector of vectors) {
    const difference = DIFFERENCES.find(({ names }) => names.test(vector.name));
    if (difference === undefined) it(vector.name, () => assertSame(ours(vector), vector));
    else {
      it(`${vector.name}: ${difference.why}`, () => {
        assert.throws(() => assertSame(ours(vector), vector), 'they are the same');
        difference.compare(vector);
      });
    }
  }

  it('has vectors of every kind, and differences only where they are known', () => {
    for (const by of ['socket', 'ufo'] as const) {
      for (const family of [4, 6]) {
        assert.ok(vectors.filter((vector) => vector.by === by && vector.family === family).length >= 10);
      }
    }
    for (const { names, count } of DIFFERENCES) {
      assert.equal(vectors.filter(({ name }) => names.test(name)).length, count, String(names));
    }
  });

  it('gives ids that are not 0', () => {
    for (const { family, packets } of vectors) {
      if (family === 4) assert.notEqual(viewOf(hex(packets[0]!.head)).getUint16(4), 0);
    }
  });
});
