import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fragment } from '../../src/verify/reassembly/fragment.js';
import { OctetSummary } from '../../src/verify/reassembly/octets.js';
import { FragmentRecords } from '../../src/verify/reassembly/records.js';

/** Records of as many fragments of 8 octets. */
class Filled {
  readonly records = new FragmentRecords();
  readonly #fragment = Object.assign(new Fragment(), { len: 8, more: true });
  readonly #summary = new OctetSummary();

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.add(i);
  }

  add(i: number): void {
    this.#fragment.offset = 8 * i;
    this.#summary.low = Math.imul(i, 0x9e3779b1);
    this.records.add(this.#fragment, i + 1, i, this.#summary);
  }

  has(i: number): boolean {
    this.#summary.low = Math.imul(i, 0x9e3779b1);
    return this.records.has(8 * i, 8, true, this.#summary);
  }
}

/** What the rows of a record take. */
const ROW = 64;

describe('records of fragments', () => {
  it('count the index that a search makes of more than a few, and let it grow with them', () => {
    const few = new Filled(16);
    assert.equal(few.has(99), false);
    assert.equal(few.records.octets, 16 * ROW);

    const filled = new Filled(17);
    assert.equal(filled.has(99), false);
    for (let count = 17; count <= 8192; count++) {
      const index = filled.records.octets - count * ROW;
      assert.ok(index >= 8 * count && index <= 16 * count, `${index} octets of index for ${count} records`);
      if (count < 8192) filled.add(count);
    }
    for (let i = 0; i < 8192; i += 7) assert.ok(filled.has((i * 4099) % 8192), `record ${i}`);
    assert.equal(filled.has(8192), false);
  });

  it('find the same once closed, and count no index then', () => {
    const filled = new Filled(100);
    assert.equal(filled.has(100), false);
    filled.records.close();
    assert.equal(filled.records.octets, 100 * ROW);
    for (let i = 99; i >= 0; i--) assert.ok(filled.has(i));
    assert.equal(filled.has(100), false);
    filled.records.close();
    assert.equal(filled.records.octets, 100 * ROW);
  });
});
