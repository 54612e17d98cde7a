import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fillPayload, inspectPayload, inspectTag, makePayload } from '../../src/payload/generated.js';

describe('payload', () => {
  it('says which it is and that it is whole', () => {
    for (const length of [16, 17, 1472, 65_507, 65_527]) {
      assert.deepEqual(inspectPayload(makePayload(length, 7, 99)), { seed: 7, sequence: 99, length, firstWrong: -1 });
    }
  });

  it('names the first wrong octet, and a cut', () => {
    const bytes = makePayload(5000, 1, 2);
    bytes[4321]! ^= 1;
    assert.equal(inspectPayload(bytes)?.firstWrong, 4321);
    assert.equal(inspectPayload(makePayload(5000, 1, 2).subarray(0, 4000))?.firstWrong, 4000);
  });

  it('knows what was not generated, and what is too short to say', () => {
    assert.equal(inspectPayload(new Uint8Array(64)), null);
    assert.equal(inspectPayload(makePayload(15, 1, 2)), null);
  });

  it('differs from datagram to datagram, at every aligned block of 1,480 octets', () => {
    const seen = new Set<string>();
    for (let sequence = 0; sequence < 64; sequence++) {
      const bytes = makePayload(14_800, 3, sequence);
      for (let at = 1480; at < bytes.length; at += 1480)
        seen.add(Buffer.from(bytes.subarray(at, at + 16)).toString('hex'));
    }
    assert.equal(seen.size, 64 * 9);
  });

  it('fills a short payload by seed and sequence', () => {
    const [a, b] = [new Uint8Array(15), new Uint8Array(15)];
    fillPayload(a, 1, 1);
    fillPayload(b, 1, 2);
    assert.notDeepEqual(a, b);
  });

  it('says when it was sent, where it is asked to and long enough', () => {
    const at = Date.UTC(2031, 4, 6, 7, 8, 9) + 123.456_789;
    for (const length of [32, 33, 1472, 65_527]) {
      const told = inspectPayload(makePayload(length, 7, 99, at))!;
      assert.deepEqual({ ...told, sentAt: 0 }, { seed: 7, sequence: 99, length, sentAt: 0, firstWrong: -1 });
      assert.ok(Math.abs(told.sentAt! - at) < 0.001, `${told.sentAt}`);
    }
    assert.deepEqual(makePayload(31, 7, 99, at), makePayload(31, 7, 99));
    assert.equal(inspectPayload(makePayload(1472, 7, 99))?.sentAt, undefined);
  });

  it('with a time is judged as one without, and a time that is none is wrong', () => {
    const bytes = makePayload(5000, 1, 2, Date.now());
    assert.equal(inspectPayload(bytes.subarray(0, 4000))?.firstWrong, 4000);
    bytes[4321]! ^= 1;
    assert.equal(inspectPayload(bytes)?.firstWrong, 4321);
    bytes.fill(0xff, 20, 24);
    assert.deepEqual(inspectPayload(bytes), { seed: 1, sequence: 2, length: 5000, firstWrong: 20 });
    assert.deepEqual(inspectTag(bytes.subarray(0, 16)), { seed: 1, sequence: 2, length: 5000 });
  });
});
