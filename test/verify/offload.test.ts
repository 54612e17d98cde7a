import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePayload } from '../../src/payload/generated.js';
import { setPayloadLen } from '../../src/verify/headers/whole-header.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier, type VerifierOptions } from '../../src/verify/verifier.js';
import { addSums, foldSum, pseudoHeaderSum, sumOctets, udpChecksumField } from '../../src/wire/checksum.js';
import type { Frame } from '../../src/wire/frame.js';
import * as ipv6 from '../../src/wire/ipv6.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import * as udp from '../../src/wire/udp.js';
import { type Flow, flow4, flow6, fragments, frame, pattern, udpPacket, whole } from './build.js';

function judge(frames: readonly Frame[], options: VerifierOptions = {}): DatagramVerdict[] {
  const verifier = new Verifier({ hash: false, ...options });
  return [...verifier.push(frames), ...verifier.end()];
}

/** The packet with what a device finds in the checksum field: the pseudo-header's sum for `len` octets of UDP. */
function uncomputed(flow: Flow, payload: Uint8Array, len = udp.HEADER_LEN + payload.length): Uint8Array {
  const packet = udpPacket(flow, payload);
  const sum = foldSum(pseudoHeaderSum(flow.source, flow.destination, udp.PROTOCOL, len));
  udp.setChecksum(new DataView(packet.buffer), 0, sum);
  return packet;
}

function onEthernet(packet: Uint8Array, family: 4 | 6): Frame {
  const bytes = new Uint8Array(14 + packet.length);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, ...(family === 4 ? [8, 0] : [0x86, 0xdd])]);
  bytes.set(packet, 14);
  return { ...frame(bytes), linktype: LINKTYPE_ETHERNET };
}

const notes = ([verdict]: readonly DatagramVerdict[]): string => verdict!.notes.at(-1) ?? '';

for (const flow of [flow4, flow6]) {
  describe(`packets that no wire carries, over IPv${flow.family}`, () => {
    const overhead = flow.family === 4 ? 28 : 48;
    const many = whole(flow, uncomputed(flow, pattern(14_000)));

    it('are offloaded where the interface is known to carry less', () => {
      const seen = judge([frame(many)], { mtu: () => 1500 });
      assert.equal(seen[0]!.verdict, 'offloaded');
      assert.deepEqual(seen[0]!.offloaded, { datagrams: null, length: null });
      const text = `offloaded: 14000 octets in one packet of ${14_000 + overhead}, more than the MTU of 1500: at least 10 on the wire`;
      assert.equal(notes(seen), text);
    });

    it('are plain datagrams where it carries them', () => {
      assert.deepEqual(
        judge([frame(many)], { mtu: () => 65_536 }).map(({ verdict, offloaded }) => [verdict, offloaded]),
        [['good', null]],
      );
    });

    it('are of an interface as it is when they come', () => {
      let mtu = 1500;
      const verifier = new Verifier({ hash: false, mtu: () => mtu });
      const before = verifier.push([frame(many)]);
      mtu = 16_000;
      assert.deepEqual(
        [...before, ...verifier.push([frame(many)])].map(({ verdict }) => verdict),
        ['offloaded', 'good'],
      );
    });

    it('are one datagram where their checksum is over all of it', () => {
      const [verdict] = judge([frame(whole(flow, udpPacket(flow, pattern(14_000))))], { mtu: () => 1500 });
      assert.deepEqual([verdict!.verdict, verdict!.offloaded], ['offloaded', { datagrams: 1, length: 14_000 }]);
    });

    it('are told by generated payloads, and by the checksum of the first that a host left in place', () => {
      const series = Buffer.concat(Array.from({ length: 5 }, (_, i) => makePayload(1000, 3, i)));
      const [told] = judge([frame(whole(flow, uncomputed(flow, series)))]);
      assert.deepEqual(told!.offloaded, { datagrams: 5, length: 1000 });

      const octets = pattern(7000);
      const first = udpPacket(flow, octets.subarray(0, 1400));
      for (const joined of [udpPacket(flow, octets), uncomputed(flow, octets, udp.HEADER_LEN + 1400)]) {
        if (joined[6] === udpPacket(flow, octets)[6]) joined.set(first.subarray(6, 8), 6);
        const [verdict] = judge([frame(whole(flow, joined))], { mtu: () => 1500 });
        assert.deepEqual([verdict!.verdict, verdict!.offloaded], ['offloaded', { datagrams: 5, length: 1400 }]);
      }
    });

    it('are bad where their checksum is nobody’s', () => {
      const packet = udpPacket(flow, pattern(9000));
      packet[6]! ^= 0x55;
      assert.equal(judge([frame(whole(flow, packet))], { mtu: () => 1500 })[0]!.verdict, 'bad');
    });
  });

  describe(`large packets of a file, over IPv${flow.family}`, () => {
    const large = uncomputed(flow, pattern(4000));

    it('are offloaded beside fragments of their way that are smaller', () => {
      const cut = fragments(flow, udpPacket(flow, pattern(3000))).map((octets) => frame(octets));
      const [, offloaded] = judge([...cut, frame(whole(flow, large))]);
      assert.equal(offloaded!.verdict, 'offloaded');
      assert.match(offloaded!.notes[1]!, /more than the 1480 of fragments on its way: at least 3 on the wire/);
    });

    it('are good with a note where nobody knows the MTU, and none on loopback', () => {
      assert.match(notes(judge([frame(whole(flow, large))])), /^offloaded, unless the MTU is 40\d\d or more/);
      const summed = whole(flow, udpPacket(flow, pattern(4000)));
      const [jumbo] = judge([onEthernet(summed, flow.family)]);
      assert.deepEqual([jumbo!.verdict, jumbo!.findings.map(({ code }) => code)], ['good', ['jumbo-or-offloaded']]);
      const own = onEthernet(summed, flow.family);
      own.bytes.fill(0, 0, 12);
      assert.deepEqual(judge([own])[0]!.findings, []);
    });

    it('begin behind those that every Ethernet carries', () => {
      const codes = (size: number): string[] => {
        const packet = whole(flow, uncomputed(flow, pattern(size - (flow.family === 4 ? 28 : 48))));
        return judge([onEthernet(packet, flow.family)])[0]!.findings.map(({ code }) => code);
      };
      assert.deepEqual(codes(1500), ['checksum-not-computed']);
      assert.deepEqual(codes(1501), ['checksum-not-computed', 'offloaded']);
    });
  });
}

describe('a jumbogram', () => {
  const data = pattern(70_000);
  const udpLen = udp.HEADER_LEN + data.length;
  const packet = new Uint8Array(ipv6.HEADER_LEN + 8 + udpLen);
  packet.set(whole(flow6, new Uint8Array(0)));
  packet.set([udp.PROTOCOL, 0, 0xc2, 4], ipv6.HEADER_LEN);
  packet.set(data, ipv6.HEADER_LEN + 8 + udp.HEADER_LEN);
  const view = new DataView(packet.buffer);
  ipv6.setNextHeader(view, 0, 0);
  view.setUint32(ipv6.HEADER_LEN + 4, 8 + udpLen);
  view.setUint16(ipv6.HEADER_LEN + 8, 1111);
  view.setUint16(ipv6.HEADER_LEN + 10, 9999);
  const at = ipv6.HEADER_LEN + 8;
  const pseudo = pseudoHeaderSum(flow6.source, flow6.destination, udp.PROTOCOL, udpLen);
  udp.setChecksum(view, at, udpChecksumField(addSums(foldSum(pseudo), sumOctets(packet.subarray(at)))));

  it('is a datagram like any other, unless the interface is known to carry none', () => {
    assert.deepEqual(
      judge([frame(packet)]).map(({ verdict, payloadLen, findings }) => [verdict, payloadLen, findings]),
      [['good', 70_000, []]],
    );
    assert.equal(judge([frame(packet)], { mtu: () => 9000 })[0]!.verdict, 'offloaded');
  });

  it('keeps a length of 0 in front of the jumbo option where it is written as a packet (RFC 2675 3)', () => {
    const headers = packet.slice(0, ipv6.HEADER_LEN + 8);
    setPayloadLen(headers, 6, udpLen);
    assert.deepEqual(headers, packet.subarray(0, ipv6.HEADER_LEN + 8));
    setPayloadLen(headers, 6, 65_527);
    assert.equal(ipv6.getPayloadLen(new DataView(headers.buffer), 0), 65_535);
  });

  it('is bad where an octet of it is another', () => {
    const flipped = packet.slice();
    flipped[69_000]! ^= 1;
    assert.equal(judge([frame(flipped)])[0]!.verdict, 'bad');
  });
});
