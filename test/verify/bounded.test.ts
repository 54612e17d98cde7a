import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Verifier } from '../../src/verify/verifier.js';
import { flow4, flow6, fragment, fragments, frame, pattern, udpPacket } from './build.js';

/** Milliseconds that `count` ever new overlaps of one id take. */
function overlaps(count: number): number {
  const verifier = new Verifier({ hash: false });
  const data = pattern(65_536);
  const started = performance.now();
  for (let i = 0; i < count; i++) {
    const offset = 8 * (1 + ((i * 7919) % 8000));
    const len = Math.min(8 * (1 + (Math.floor(i / 8000) % 180)), 65_480 - offset);
    const bytes = fragment(flow4, data, { offset, len, more: true });
    bytes[21] = i & 0xff;
    bytes[22] = i >> 8;
    verifier.push([frame(bytes)]);
  }
  const [verdict] = verifier.end();
  assert.equal(verdict!.verdict, count > 8000 ? 'bad' : 'incomplete');
  assert.ok(verdict!.findings.length <= 131);
  return performance.now() - started;
}

describe('work', () => {
  it('is linear in the number of overlaps of one id', () => {
    overlaps(5_000);
    const short = overlaps(20_000);
    const long = overlaps(80_000);
    assert.ok(long < 12 * short + 500, `${short} ms for 20,000, ${long} ms for 80,000`);
  });

  it('is linear in repetitions in any order of a datagram that was complete', () => {
    const packet = udpPacket(flow4, pattern(65_000));
    const pieces = fragments(flow4, packet, 8).map((octets) => frame(octets));
    const verifier = new Verifier({ hash: false });
    verifier.push(pieces);
    const started = performance.now();
    for (let round = 0; round < 4; round++)
      for (let i = 0; i < pieces.length - 1; i++) verifier.push([pieces[(i * 4099) % (pieces.length - 1)]!]);
    const [verdict] = verifier.end();
    assert.equal(verdict!.duplicates, 4 * (pieces.length - 1));
    assert.ok(performance.now() - started < 10_000);
  });

  it('keeps little of headers that differ in every fragment', () => {
    const verifier = new Verifier({ hash: false, limits: { maxOctets: 4 << 20 } });
    let octets = 0;
    let seen = 0;
    for (let i = 0; i < 20_000; i++) {
      const extensions = { nextHeader: 60, octets: new Uint8Array(1400).fill(i & 0x3f) };
      extensions.octets.set([44, 174, 0x1e, 0xff]);
      const flow = { ...flow6, ident: 1 + Math.floor(i / 40) };
      const piece = { offset: 8 * (i % 40), len: 8, more: true };
      for (const verdict of verifier.push([frame(fragment(flow, pattern(400), piece, { extensions }))])) {
        seen++;
        octets = Math.max(octets, JSON.stringify(verdict).length);
      }
    }
    assert.ok(seen + verifier.end().length === 500);
    assert.ok(octets < 64_000, `${octets} octets of JSON`);
  });

  it('keeps but a few findings of each where very many datagrams are wrong at a time', () => {
    const verifier = new Verifier({ hash: false, limits: { maxOctets: 1 << 30 } });
    const data = pattern(400);
    for (let k = 0; k < 12; k++)
      for (let ident = 1; ident <= 3000; ident++)
        verifier.push([frame(fragment({ ...flow4, ident }, data, { offset: 8 * k, len: 16, more: true }))]);
    const verdicts = verifier.end();
    assert.ok(
      verdicts.length === 3000 && verdicts.every(({ verdict, overlaps }) => verdict === 'bad' && overlaps === 11),
    );
    const wrong = verdicts.map(({ mismatches }) => mismatches.length);
    assert.ok(Math.max(...wrong) <= 8 && Math.min(...wrong) >= 5, `${Math.min(...wrong)} to ${Math.max(...wrong)}`);
    assert.ok(verdicts.every(({ mismatches }) => mismatches.at(-1) === 'more of the kind left out'));
    const one = new Verifier({ hash: false });
    for (let k = 0; k < 12; k++) one.push([frame(fragment(flow4, data, { offset: 8 * k, len: 16, more: true }))]);
    assert.equal(one.end()[0]!.mismatches.length, 11);
  });
});
