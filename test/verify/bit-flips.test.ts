import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Verifier } from '../../src/verify/verifier.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import { frame } from './build.js';
import { SAMPLES } from './flip-samples.js';
import { headerFields } from './header-fields.js';
import { UNSEEN } from './unseen-bits.js';

/** What is said of frames: verdicts and codes, and frames by what became of them. Of values like addresses nothing. */
function told(frames: readonly Uint8Array[]): string {
  const verifier = new Verifier({ hash: false });
  const list = frames.map((octets) => ({ ...frame(octets), linktype: LINKTYPE_ETHERNET }));
  const verdicts = [...verifier.push(list), ...verifier.end()];
  const { other, headersCut, notJudged } = verifier.summary({ captureLost: null });
  const lines = verdicts.map(({ verdict, findings }) => `${verdict} ${findings.map(({ code }) => code)}`).sort();
  return JSON.stringify([lines, other, headersCut, notJudged]);
}

/** Bits of each header field that can be flipped in some frame, and nothing is said: `field` → `0-5,7`, or `all`. */
function unseenOf(frames: readonly Uint8Array[]): Map<string, string> {
  const right = told(frames);
  const unseen = new Map<string, { bits: Set<number>; width: number }>();
  for (const [i, octets] of frames.entries()) {
    for (const { name, from, to } of headerFields(octets)) {
      for (let bit = from; bit < to; bit++) {
        const flipped = octets.slice();
        flipped[bit >> 3]! ^= 0x80 >> (bit & 7);
        if (told(replaced(frames, i, flipped)) !== right) continue;
        const known = unseen.get(name) ?? { bits: new Set(), width: to - from };
        known.bits.add(bit - from);
        unseen.set(name, { bits: known.bits, width: Math.max(known.width, to - from) });
      }
    }
  }
  return new Map([...unseen].map(([name, { bits, width }]) => [name, rangesText(bits, width)]));
}

function rangesText(bits: ReadonlySet<number>, width: number): string {
  if (bits.size === width) return 'all';
  const ranges: string[] = [];
  for (let bit = 0; bit < width; bit++) {
    if (!bits.has(bit)) continue;
    const from = bit;
    while (bits.has(bit + 1)) bit++;
    ranges.push(from === bit ? `${bit}` : `${from}-${bit}`);
  }
  return ranges.join(',');
}

describe('a bit flipped in any header', () => {
  for (const [sample, frames] of Object.entries(SAMPLES)) {
    it(`of ${sample} is reported, or stands in the table of those that no receiver can see`, () => {
      const rows = UNSEEN.filter(({ samples }) => samples.includes(sample));
      const listed = rows.map(({ field, bits = 'all' }) => `${field}: ${bits}`);
      const found = [...unseenOf(frames)].map(([field, bits]) => `${field}: ${bits}`);
      assert.deepEqual(found.sort(), listed.sort());
    });
  }

  it('has no row in that table for a sample that there is not, and one reason for each', () => {
    for (const { field, samples, why } of UNSEEN) {
      assert.ok(samples.length > 0 && samples.every((sample) => sample in SAMPLES), field);
      assert.ok(why.length > 10, field);
    }
  });
});

function replaced<T>(list: readonly T[], index: number, by: T): T[] {
  return list.map((one, i) => (i === index ? by : one));
}
