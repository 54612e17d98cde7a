import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReferenceCutter } from '../../../src/app/compare/reference.js';
import { holdCut } from '../../../src/compare/cuts/explain.js';
import { readPacket } from '../../../src/compare/cuts/packet.js';
import { flow4, flow6 } from '../../ufo/flows.js';
import { vectorFlow } from '../../vectors/compare.js';
import { kernelPackets, readKernelVectors } from '../../vectors/kernel-packets.js';
import { type KernelVector, payloadOf } from '../../vectors/kernel-vector.js';

const { kernel, vectors } = readKernelVectors();
const cutter = new ReferenceCutter();
/** Ours; the kernel drew another one for each of its own. */
const IDENT = 4660;

/** What the kernel is known to do with a datagram of this kind, beside an ident of its own. */
function knownOf({ name, by, packets }: KernelVector): string[] {
  const known: string[] = [];
  if (/^socket, IPv4, MTU (575, 109[79]|1499, 29(37|40|43)) octets$/.test(name)) known.push('last-unrounded');
  if (/^socket, IPv6, destination options, MTU \d+, 4000 octets/.test(name)) known.push('destination-options-repeated');
  if (/loose source route/.test(name) && packets.length > 1) known.push('first-hop-summed');
  if (by === 'socket' && packets.length === 1 && !/IPv6, .*(hop-by-hop|destination|routing|all)/.test(name)) {
    known.push('checksum-left');
  }
  return known;
}

describe(`what Linux ${kernel} cut, held against our cut`, () => {
  for (const vector of vectors) {
    it(`${vector.name}: equal, or known`, () => {
      const flow = vectorFlow(vector.family === 4 ? flow4() : flow6(), vector);
      const reference = cutter.cut(flow, IDENT, payloadOf(vector.len));
      const got = kernelPackets(vector).map((packet) => readPacket(packet)!);
      const { outcome, causes, left } = holdCut(reference, got, vector.by === 'ufo' ? 'kernel-ufo' : 'kernel-ip');
      assert.deepEqual(left, []);
      const codes = causes.map(({ cause }) => cause.code).filter((code) => code !== 'ident-own');
      assert.deepEqual(codes, knownOf(vector));
      assert.equal(outcome, causes.length === 0 ? 'equal' : 'explained');
    });
  }
});
