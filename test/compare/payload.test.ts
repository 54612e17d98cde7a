import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differenceText } from '../../src/compare/difference.js';
import type { ExpectedPayload } from '../../src/compare/expected.js';
import { generatedFault, inspectGenerated, payloadDifferences } from '../../src/compare/payload.js';
import { inspectPayload, makePayload } from '../../src/payload/generated.js';
import { sha256 } from '../../src/payload/sha256.js';
import { seenPayload } from '../../src/verify/sighting.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';

const spoilt = (at: number): Uint8Array => {
  const octets = makePayload(100, 7, 3);
  octets[at]! ^= 1;
  return octets;
};

describe('a generated payload', () => {
  it('is wrong by what it says itself', () => {
    const faultOf = (octets: Uint8Array) => generatedFault(inspectPayload(octets), octets.length);
    assert.equal(faultOf(makePayload(100, 7, 3)), null);
    assert.deepEqual(faultOf(spoilt(50)), {
      code: 'payload-octet',
      text: 'payload octet 50 got another, want that of seed 7, datagram 3',
    });
    assert.deepEqual(faultOf(makePayload(100, 7, 3).subarray(0, 99)), {
      code: 'payload-length',
      text: 'payload length got 99, want 100 as it says itself',
    });
    assert.equal(faultOf(new Uint8Array(100))!.code, 'payload-foreign');
    assert.deepEqual(generatedFault({ seed: 7, sequence: 3, length: 100, firstWrong: 0 }, 100)?.code, 'payload-octet');
    assert.deepEqual(inspectGenerated(new Uint8Array(9)).told, null);
    assert.match(inspectGenerated(spoilt(50)).fault!, /^payload octet 50/);
    assert.equal(inspectGenerated(makePayload(99, 1, 1)).fault, null);
  });
});

describe('a payload held against the one that was sent', () => {
  const octets = Uint8Array.from({ length: 50 }, (_, i) => i * 7);
  const came = (payload: Uint8Array | null, hash = false): DatagramVerdict =>
    ({
      payloadLen: payload?.length ?? null,
      payloadSha256: payload !== null && hash ? sha256(payload) : null,
      ...(payload !== null && { seen: { payload: seenPayload(payload) } }),
    }) as DatagramVerdict;
  const texts = (expected: ExpectedPayload, verdict: DatagramVerdict) =>
    payloadDifferences(expected, verdict)?.map(differenceText) ?? null;
  const { digest } = seenPayload(octets);

  it('differs in length first of all', () => {
    for (const expected of [
      { length: 49 },
      { length: 49, digest: digest! },
      { length: 49, sha256: sha256(octets) },
      { length: 49, seed: 7, sequence: 3 },
    ])
      assert.deepEqual(texts(expected, came(octets, true)), ['payload length got 50, want 49 as sent']);
  });

  it('differs in hash or digest, where that of both is known', () => {
    const other = Uint8Array.from(octets, (octet) => octet ^ 1);
    assert.deepEqual(texts({ length: 50 }, came(other)), []);
    assert.deepEqual(texts({ length: 50, sha256: sha256(octets) }, came(octets, true)), []);
    assert.deepEqual(texts({ length: 50, sha256: sha256(octets) }, came(other, true)), [
      `payload sha256 got ${sha256(other)}, want ${sha256(octets)} as sent`,
    ]);
    const both = { length: 50, sha256: sha256(octets), digest: digest! };
    assert.deepEqual(
      [texts(both, came(octets)), texts(both, came(other))],
      [[], ['payload got other octets, want the octets as sent']],
    );
    assert.deepEqual(texts({ length: 50, digest: digest! }, came(octets)), []);
  });

  it('is a generated one by its number, octet by octet', () => {
    const sent = { length: 100, seed: 7, sequence: 3 };
    assert.deepEqual(texts(sent, came(makePayload(100, 7, 3))), []);
    assert.deepEqual(texts(sent, came(spoilt(77))), [
      'payload octet 77 got another, want that of seed 7, datagram 3 as sent',
    ]);
    for (const [seed, sequence] of [
      [8, 3],
      [7, 4],
    ] as const)
      assert.deepEqual(texts(sent, came(makePayload(100, seed, sequence))), [
        `payload got that of seed ${seed}, datagram ${sequence}, want that of seed 7, datagram 3 as sent`,
      ]);
    assert.deepEqual(texts(sent, came(new Uint8Array(100))), [
      'payload got another, want that of seed 7, datagram 3 as sent',
    ]);
  });

  it('is not compared where nobody can tell', () => {
    assert.equal(texts({ length: 50 }, came(null)), null);
    assert.equal(texts({ length: 50, sha256: sha256(octets) }, came(octets)), null);
    const blind = { ...came(octets), seen: undefined } as unknown as DatagramVerdict;
    assert.equal(texts({ length: 50, digest: digest! }, blind), null);
    assert.equal(texts({ length: 50, seed: 7, sequence: 3 }, blind), null);
  });
});
