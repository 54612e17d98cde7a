import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRewriting, rewritten } from '../../../src/app/replay/rewrite.js';
import { plan } from '../../../src/faults/plan.js';
import { makePayload } from '../../../src/payload/generated.js';
import { segment } from '../../../src/ufo/segment-datagram.js';
import { Verifier } from '../../../src/verify/verifier.js';
import type { Frame } from '../../../src/wire/frame.js';

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

  it('refuses what it cannot put right, and what is no rewriting', () => {
    const six = [...segment({ ...FLOWS[6], payload: makePayload(40, 1, 0) })][0]!;
    assert.throws(
      () => rewritten(six, parseRewriting(TO[4], '--rewrite'), 3),
      /--rewrite: frame 3: got "a packet of IPv6"/,
    );
    const route = Uint8Array.of(0x83, 7, 4, 192, 0, 2, 9, 1);
    const routed = [...segment({ ...FLOWS[4], payload: makePayload(40, 1, 0), options: route })][0]!;
    assert.throws(() => rewritten(routed, parseRewriting(TO[4], '--rewrite'), 1), /got "a source route"/);
    for (const text of ['destination', 'destination=nowhere', 'source-port=65536', 'ttl=3', 'source-mac=1', '']) {
      assert.throws(() => parseRewriting(text, '--rewrite'), /--rewrite: got .*, want source=ADDRESS/, text);
    }
  });
});
