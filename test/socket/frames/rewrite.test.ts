import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plan } from '../../../src/faults/plan.js';
import { parseRewriting } from '../../../src/options/rewriting.js';
import { makePayload } from '../../../src/payload/generated.js';
import { rewritten } from '../../../src/socket/frames/rewrite.js';
import { segment } from '../../../src/ufo/segment-datagram.js';
import { Verifier } from '../../../src/verify/verifier.js';
import { foldSum, pseudoHeaderSum } from '../../../src/wire/checksum.js';
import { type Frame, frameData } from '../../../src/wire/frame.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import { LINKTYPE_ETHERNET } from '../../../src/wire/link-layer.js';
import * as udp from '../../../src/wire/udp.js';

const FLOWS = {
  4: { source: { address: '192.0.2.1', port: 1111 }, destination: { address: '192.0.2.2', port: 9999 } },
  6: { source: { address: '2001:db8::1', port: 1111 }, destination: { address: '2001:db8::2', port: 9999 } },
} as const;
const TO = {
  4: 'source=198.51.100.7,destination=203.0.113.9,source-port=5,destination-port=65535',
  6: 'source=2001:db8:7::7,destination=2001:db8:9::ffff,source-port=5,destination-port=65535',
} as const;

function verdicts(frames: readonly Frame[]) {
  const verifier = new Verifier();
  return [...verifier.push(frames), ...verifier.end()];
}

describe('rewriting a capture', () => {
  for (const family of [4, 6] as const) {
    for (const size of [0, 1, 100, 1472, 4001, 60_000]) {
      it(`puts every checksum right, whole or cut: IPv${family}, ${size} octets`, () => {
        const frames = [
          ...segment({ ...FLOWS[family], payload: makePayload(size, 1, 0), ident: 7, plan: plan('reverse') }),
        ];
        const to = parseRewriting(TO[family], '--rewrite');
        const [verdict] = verdicts(frames.map((frame, at) => rewritten(frame, to, at + 1)));
        assert.equal(verdict!.verdict, 'good', JSON.stringify(verdict));
        assert.equal(verdict!.udp!.checksum, 'good');
        assert.deepEqual([verdict!.udp!.sourcePort, verdict!.udp!.destinationPort], [5, 65_535]);
        assert.equal(verdict!.source, family === 4 ? '198.51.100.7' : '2001:db8:7::7');
        assert.equal(verdicts(frames)[0]!.source, FLOWS[family].source.address, 'the frames given stay as they are');
      });
    }
  }

  it('leaves a wrong checksum wrong, and one that is not computed alone', () => {
    const to = parseRewriting(TO[4], '--rewrite');
    const wrong = [
      ...segment({ ...FLOWS[4], payload: makePayload(4000, 1, 0), ident: 7, plan: plan('corrupt(2, 9)') }),
    ];
    assert.equal(verdicts(wrong.map((frame, at) => rewritten(frame, to, at + 1)))[0]!.udp!.checksum, 'bad');
    const none = [...segment({ ...FLOWS[4], payload: makePayload(40, 1, 0), checksum: false })];
    assert.equal(verdicts(none.map((frame) => rewritten(frame, to, 1)))[0]!.udp!.checksum, 'none');
  });

  it('leaves the sum of the pseudo-header to the device that computes the rest, of the new addresses', () => {
    for (const family of [4, 6] as const) {
      const [frame] = [...segment({ ...FLOWS[family], payload: makePayload(100, 1, 0) })] as [Frame];
      const octets = Uint8Array.from(frameData(frame));
      const view = new DataView(octets.buffer);
      const at = family === 4 ? 20 : 40;
      const addresses = [
        octets.subarray(at - (family === 4 ? 8 : 32), at - (family === 4 ? 4 : 16)),
        octets.subarray(at - (family === 4 ? 4 : 16), at),
      ];
      udp.setChecksum(view, at, foldSum(pseudoHeaderSum(addresses[0]!, addresses[1]!, udp.PROTOCOL, 108)));
      const partial = { ...frame, bytes: octets, offset: 0 };
      for (const text of [TO[family], 'source-port=5', TO[family].split(',')[0]!]) {
        const [verdict] = verdicts([rewritten(partial, parseRewriting(text, '--rewrite'), 1)]);
        assert.deepEqual([verdict!.verdict, verdict!.udp!.checksum], ['good', 'not-computed'], `${family} ${text}`);
      }
    }
  });

  it('refuses what it cannot put right, and what is no rewriting', () => {
    const six = [...segment({ ...FLOWS[6], payload: makePayload(40, 1, 0) })][0]!;
    assert.throws(
      () => rewritten(six, parseRewriting(TO[4], '--rewrite'), 3),
      /rewrite: frame 3: got "a packet of IPv6"/,
    );
    const route = Uint8Array.of(0x83, 7, 4, 192, 0, 2, 9, 1);
    const routed = [...segment({ ...FLOWS[4], payload: makePayload(40, 1, 0), options: route })][0]!;
    assert.throws(() => rewritten(routed, parseRewriting(TO[4], '--rewrite'), 1), /got "a source route"/);
    for (const text of ['destination', 'destination=nowhere', 'source-port=65536', 'ttl=3', 'source-mac=1', '']) {
      assert.throws(() => parseRewriting(text, '--rewrite'), /--rewrite: got .*, want source=ADDRESS/, text);
    }
  });

  /** IPv4, 192.0.2.1 to 192.0.2.2, in Ethernet. */
  function packet(protocol: number, payload: string, flags = '0000'): Frame {
    const upper = Buffer.from(payload, 'hex');
    const header = Buffer.from(`4500000000070000${'40'}00${'0000'}c0000201c0000202`, 'hex');
    const bytes = Uint8Array.from(Buffer.concat([Buffer.from('0200000000020200000000010800', 'hex'), header, upper]));
    const view = new DataView(bytes.buffer);
    view.setUint16(16, 20 + upper.length);
    view.setUint16(20, Number.parseInt(flags, 16));
    view.setUint8(23, protocol);
    ipv4.fillChecksum(view, 14);
    const len = bytes.length;
    return { bytes, offset: 0, caplen: len, len, linktype: LINKTYPE_ETHERNET, seconds: 0, nanoseconds: 0 };
  }

  const refused: readonly (readonly [string, Frame, string, RegExp])[] = [
    ['ports of SCTP', packet(132, '0001000200000000'), 'source-port=5', /got "SCTP"/],
    ['an encrypted packet', packet(50, '0001000200000000'), 'source=192.0.2.9', /"an encrypted packet"/],
    ['an authentication header', packet(51, '1104000000000001'), 'source=192.0.2.9', /"an authentication header"/],
    [
      'TCP that ends before its checksum',
      packet(6, '0001000200000000', '2000'),
      'source=192.0.2.9',
      /"a first fragment that ends/,
    ],
    ['its ports', packet(6, '0001000200000000', '2000'), 'source-port=9', /"a first fragment that ends/],
    [
      'an ICMP error',
      packet(1, '0303000000000000'),
      'destination=192.0.2.9',
      /"ICMP type 3, which has addresses inside"/,
    ],
    [
      'what may have a checksum',
      packet(253, '0303000000000000'),
      'destination=192.0.2.9',
      /"protocol 253, whose checksum may/,
    ],
    ['no IP', { ...packet(1, ''), linktype: 147 }, 'destination=192.0.2.9', /"no IP packet"/],
    ['no Ethernet', { ...packet(1, ''), linktype: 101 }, 'source-mac=02:00:00:00:00:09', /"no Ethernet header"/],
    [
      'a first fragment',
      packet(17, '0001000200300000', '2000'),
      'checksums=compute',
      /"a first fragment", want a whole packet/,
    ],
  ];
  for (const [what, frame, text, says] of refused) {
    it(`refuses ${what} for ${text}, by the number of the frame`, () => {
      const to = parseRewriting(text, 'rewrite');
      assert.throws(
        () => rewritten(frame, to, 4),
        new RegExp(`rewrite: frame 4: got ${says.source.replace(/^got /, '')}`),
      );
    });
  }

  it('leaves alone what other addresses change nothing in', () => {
    const to = parseRewriting('source=192.0.2.9', 'rewrite');
    for (const frame of [
      packet(132, '00010002'),
      packet(47, '00000800'),
      packet(1, '08000000'),
      packet(6, '00', '0004'),
    ]) {
      const octets = frameData(rewritten(frame, to, 1));
      assert.deepEqual(octets.subarray(34), frameData(frame).subarray(34));
      assert.ok(ipv4.verifyChecksum(new DataView(octets.buffer, octets.byteOffset), 14));
    }
  });

  for (const family of [4, 6] as const) {
    it(`makes checksums of IPv${family} anew, as of packets that a device had still to sum`, () => {
      const [frame] = [...segment({ ...FLOWS[family], payload: makePayload(40, 1, 0) })];
      const wrong = { ...frame!, bytes: Uint8Array.from(frameData(frame!)), offset: 0 };
      const at = family === 4 ? 20 : 40;
      wrong.bytes[at + 6]! ^= 0x55;
      if (family === 4) wrong.bytes[10]! ^= 0x55;
      assert.notEqual(verdicts([wrong])[0]?.verdict, 'good');
      const [verdict] = verdicts([rewritten(wrong, parseRewriting('checksums=compute', 'rewrite'), 1)]);
      assert.equal(verdict!.verdict, 'good', JSON.stringify(verdict));
      assert.equal(verdict!.udp!.checksum, 'good');
    });
  }
});
