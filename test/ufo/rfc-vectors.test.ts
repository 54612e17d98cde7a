import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as ipv4 from '../../src/wire/ipv4.js';
import { finalDestinationOffset, iterateOptions } from '../../src/wire/ipv4-options.js';
import { hex, noise, toHex, viewOf } from '../wire/helpers.js';
import { Cutter, packetList } from './cut.js';
import { DESTINATION, flow4, flow6, HOP, octets, SEGMENTS } from './flows.js';

const cutter = new Cutter();

/** IPv4 fields as the RFCs print them. */
function fields(packet: Uint8Array): { len: number; mf: number; offset: number } {
  const view = viewOf(packet);
  return { len: ipv4.getTotLen(view, 0), mf: Number(ipv4.getMoreFrags(view, 0)), offset: ipv4.getFragOff(view, 0) };
}

describe('RFC 791, appendix A', () => {
  it('example 2: 452 octets of data at an MTU of 280', () => {
    const packets = packetList(cutter.cut(flow4({ mtu: 280, ttl: 123 }), 111, noise(452 - 8, 1)));
    assert.deepEqual(packets.map(fields), [
      { len: 276, mf: 1, offset: 0 },
      { len: 216, mf: 0, offset: 32 },
    ]);
    for (const packet of packets) {
      assert.equal(ipv4.getIdent(viewOf(packet), 0), 111);
      assert.equal(ipv4.getTtl(viewOf(packet), 0), 123);
      assert.ok(ipv4.verifyChecksum(viewOf(packet), 0));
    }
  });

  it('example 3: options x, x, no operation, y, end in 576 octets; cut, the header keeps its length', () => {
    // The RFC leaves x and y open: x is a timestamp, which is not copied, y one of the copied kind.
    const flow = flow4({ mtu: 576, options: hex('440305 44040500 01 860300 00') });
    const whole = packetList(cutter.cut(flow, 111, noise(536, 1)));
    assert.deepEqual(whole.map(fields), [{ len: 576, mf: 0, offset: 0 }]);
    assert.equal(whole[0]![0], 0x48);
    const packets = packetList(cutter.cut({ ...flow, mtu: 280 }, 111, noise(536, 1)));
    const options = packets.map((packet) => toHex(packet.subarray(20, 32)));
    assert.deepEqual(options, ['440305440405000186030000', '010101010101010186030000', '010101010101010186030000']);
    assert.deepEqual(packets.map(fields), [
      { len: 280, mf: 1, offset: 0 },
      { len: 280, mf: 1, offset: 31 },
      { len: 80, mf: 0, offset: 62 },
    ]);
  });
});

describe('RFC 815 §3: holes', () => {
  it('fragments in any order leave no hole of [0, infinity)', () => {
    const packets = packetList(cutter.cut(flow4({ mtu: 576 }), 9, noise(5000, 1)));
    const orders = [packets, packets.toReversed(), packets.toSorted((a, b) => a[40]! - b[40]!)];
    for (const order of orders) assert.deepEqual(holesAfter(order), []);
    assert.deepEqual(holesAfter(packets.slice(1, -1)), [
      [0, 551],
      [4968, Number.POSITIVE_INFINITY],
    ]);
  });
});

/** The hole descriptor list, steps 1–8 of the algorithm: first and last octet that are missing. */
function holesAfter(packets: readonly Uint8Array[]): [number, number][] {
  let holes: [number, number][] = [[0, Number.POSITIVE_INFINITY]];
  for (const packet of packets) {
    const { len, mf, offset } = fields(packet);
    const [first, last] = [offset * 8, offset * 8 + len - 20 - 1];
    holes = holes.flatMap(([from, to]): [number, number][] => {
      if (first > to || last < from) return [[from, to]];
      const rest: [number, number][] = [];
      if (first > from) rest.push([from, first - 1]);
      if (last < to && mf === 1) rest.push([last + 1, to]);
      return rest;
    });
  }
  return holes;
}

describe('RFC 8200 §4.5: the layout of fragment packets', () => {
  it('per-fragment headers, fragment header, then the extension and upper-layer headers in the first one only', () => {
    const extensionHeaders = [HOP, DESTINATION, SEGMENTS, DESTINATION];
    const [first, second] = packetList(cutter.cut(flow6({ extensionHeaders }), 0x01020304, noise(2000, 1)));
    const per = `3c${toHex(HOP.octets).slice(2)}2b${toHex(DESTINATION.octets).slice(2)}2c${toHex(SEGMENTS.octets).slice(2)}`;
    assert.equal(toHex(first!.subarray(6, 7)), '00', 'the fixed header names hop-by-hop');
    assert.equal(toHex(first!.subarray(40, 40 + per.length / 2)), per);
    assert.equal(toHex(second!.subarray(40, 40 + per.length / 2)), per);
    const at = 40 + per.length / 2;
    assert.equal(toHex(first!.subarray(at, at + 8)), '3c00 0001 01020304'.replaceAll(' ', ''));
    assert.equal(toHex(first!.subarray(at + 8, at + 24)), `11${toHex(DESTINATION.octets).slice(2)}`);
    assert.equal(toHex(first!.subarray(at + 24, at + 30)), '0457 270f 07d8'.replaceAll(' ', ''));
    const gsoSize = (1500 - at - 8) & ~7;
    assert.equal(first!.length, at + 8 + gsoSize);
    assert.equal(toHex(second!.subarray(at, at + 8)), `3c00${gsoSize.toString(16).padStart(4, '0')}01020304`);
  });
});

describe('RFC 791 §3.1: source routes', () => {
  it('the pseudo-header has the last address of the route, the header the next hop', () => {
    const flow = flow4({ options: hex('830b 04 c6336407 c6336409 00') });
    const packet = packetList(cutter.cut(flow, 1, noise(8, 1)))[0]!;
    const view = viewOf(packet);
    assert.deepEqual(
      [...iterateOptions(packet, 20, 12)].map(({ type }) => type),
      [131, 0],
    );
    assert.deepEqual(packet.subarray(16, 20), octets('192.0.2.2'));
    const final = finalDestinationOffset(view, 0);
    assert.deepEqual(packet.subarray(final, final + 4), octets('198.51.100.9'));
  });
});
