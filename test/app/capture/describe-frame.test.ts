import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeFrame, frameLine } from '../../../src/app/capture/describe-frame.js';
import type { Frame } from '../../../src/wire/frame.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import * as ipv6 from '../../../src/wire/ipv6.js';
import * as extension from '../../../src/wire/ipv6-extension.js';
import { flow4, flow6, pattern, udpPacket, whole } from '../../verify/build.js';
import { ethernet, hex, join, MACS, udpTo, WRAPS } from '../../verify/wraps.js';

/** A raw IP frame at an odd offset of a larger buffer. */
function frame(octets: Uint8Array, len = octets.length): Frame {
  const bytes = new Uint8Array(octets.length + 10).fill(0xa5);
  bytes.set(octets, 3);
  return { bytes, offset: 3, caplen: octets.length, len, linktype: 101, seconds: 1_700_000_000, nanoseconds: 5_000 };
}

function ipv4Piece(fragWord: number): Uint8Array {
  const octets = new Uint8Array(48);
  const view = new DataView(octets.buffer);
  octets.set([0x45, 0, 0, 48, 0x12, 0x34, fragWord >> 8, fragWord & 255, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
  view.setUint16(20, 1111);
  view.setUint16(22, 9999);
  assert.equal(ipv4.getIdent(view, 0), 0x1234);
  return octets;
}

describe('frame description', () => {
  it('tells a first fragment with its ports, to the nanosecond', () => {
    const one = frame(ipv4Piece(ipv4.MF));
    const it = describeFrame(one);
    assert.deepEqual(it, {
      type: 'frame',
      time: '1700000000.000005000',
      caplen: 48,
      len: 48,
      family: 4,
      source: '192.0.2.1',
      destination: '192.0.2.2',
      protocol: 17,
      ident: 0x1234,
      fragOff: 0,
      moreFrags: true,
      payloadLen: 28,
      sourcePort: 1111,
      destinationPort: 9999,
    });
    assert.equal(
      frameLine(one),
      '22:13:20.000005  192.0.2.1 > 192.0.2.2  id 0x1234  offset     0  len    28  MF  ttl 64  proto 17  udp 1111 > 9999  len 0  48',
    );
  });

  it('sees no ports in a later fragment, and a datagram that is whole', () => {
    const one = frame(ipv4Piece(185), 1500);
    const later = describeFrame(one);
    assert.deepEqual([later.fragOff, later.moreFrags, later.sourcePort], [185, false, null]);
    assert.match(
      frameLine(one),
      /id 0x1234 {2}offset {2}1480 {2}len {4}28 {6}ttl 64 {2}proto 17 {2}1500 \(48 captured\)$/,
    );
    assert.equal(describeFrame(frame(ipv4Piece(ipv4.DF))).fragOff, null);
  });

  it('finds the fragment header of IPv6', () => {
    const octets = new Uint8Array(ipv6.HEADER_LEN + 8 + 16);
    const view = new DataView(octets.buffer);
    octets[0] = 0x60;
    ipv6.setPayloadLen(view, 0, 24);
    ipv6.setNextHeader(view, 0, extension.FRAGMENT);
    octets[23] = 1;
    octets[39] = 2;
    extension.emitFragment(view, 40, { nextHeader: 17, fragOff: 0, moreFrags: true, ident: 77 });
    view.setUint16(50, 53);
    const one = frame(octets);
    const it = describeFrame(one);
    assert.deepEqual(
      [it.source, it.destination, it.ident, it.payloadLen, it.destinationPort, it.moreFrags],
      ['::1', '::2', 77, 16, 53, true],
    );
    assert.match(
      frameLine(one),
      / {2}::1 > ::2 {2}len 24 {2}hlim 0 {2}next 44 {2}id 0x0000004d {2}offset {5}0 {2}len {4}16 {2}MF {2}next 17 {2}udp 0 > 53 {2}len 0 {2}64$/,
    );
  });

  it('tells of a frame without IP by its link header, with VLAN tags', () => {
    const arp = Uint8Array.from([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0x60, 100, 8, 6, 0, 1]);
    const text = frameLine({ ...frame(arp), linktype: 1 });
    assert.equal(text, '22:13:20.000005  02:00:00:00:00:02 > 02:00:00:00:00:01  vlan 100.3  0x0806  20');
    assert.match(frameLine(frame(Uint8Array.of(0))), / {2}no IP header {2}1$/);
  });

  for (const [via, wrap] of WRAPS)
    for (const family of [4, 6] as const)
      it(`tells every header of an IPv${family} packet in ${via}`, () => {
        const flow = family === 4 ? flow4 : flow6;
        const inner = whole(flow, udpPacket(flow, pattern(24)));
        const one = wrap(inner, family);
        const texts = frameLine(one).split('  ');
        for (const layer of via.split(' > '))
          assert.ok(
            texts.some((text) => text.includes(layer)),
            layer,
          );
        assert.match(frameLine(one), / {2}udp \d+ > \d+ {2}len 32 {2}\d+$/);
        assert.equal(texts.filter((text) => text.startsWith('udp ')).length, via.match(/vxlan|geneve/) ? 2 : 1);
        for (let caplen = 0; caplen < one.caplen; caplen++) assert.ok(frameLine({ ...one, caplen }));
      });

  it('tells what a tunnel carries that is no IP', () => {
    const arp = join(MACS, hex('0806 0001'));
    const text = frameLine(ethernet(join(hex('0800'), udpTo(4789, join(hex('08000000 00002a00'), arp)))));
    assert.match(text, / {2}udp \d+ > 4789 {2}len \d+ {2}vxlan 42 {2}ethertype 0x0806 {2}\d+$/);
  });

  it('never throws, however short or odd the frame is', () => {
    const whole = ipv4Piece(ipv4.MF);
    for (let len = 0; len < whole.length; len++) {
      const one = frame(whole.subarray(0, len));
      assert.ok(frameLine(one));
      assert.equal(describeFrame(one).caplen, len);
    }
    for (let first = 0; first < 256; first++)
      for (const len of [1, 20, 40, 47]) {
        assert.ok(frameLine(frame(new Uint8Array(len).fill(first))));
        assert.equal(describeFrame(frame(new Uint8Array(len).fill(first))).len, len);
      }
  });
});
