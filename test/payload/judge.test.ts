import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { WASM_PAGE_SIZE, webAssembly } from '../../src/memory/webassembly.js';
import { inspectPayload, makePayload } from '../../src/payload/generated.js';
import { JUDGE_LEN, PayloadJudge } from '../../src/payload/judge.js';

describe('judge of payloads in WebAssembly memory', () => {
  const pages = JUDGE_LEN / WASM_PAGE_SIZE + 2;
  const memory = new webAssembly.Memory({ initial: pages, maximum: pages });
  const bytes = new Uint8Array(memory.buffer);
  const judge = new PayloadJudge(memory, 0);

  const judged = (payload: Uint8Array, shift = 0) => {
    bytes.set(payload, JUDGE_LEN + shift);
    return judge.inspect(JUDGE_LEN + shift, payload.length);
  };

  it('says what inspectPayload says, of payloads whole, changed, cut, lengthened and foreign', () => {
    const seeds = fc.integer({ min: 0, max: 6 }); // more than it keeps tables of
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 2 });
    const lengths = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 65_507 }));
    fc.assert(
      fc.property(
        ...([lengths, seeds, fc.nat(), fc.boolean(), changes] as const),
        fc.integer({ min: -30, max: 30 }),
        fc.nat(15),
        (length, seed, sequence, timed, wrong, more, shift) => {
          const made = makePayload(length, seed, sequence, timed ? 1_900_000_000_123.5 : undefined);
          for (const [at, bits] of wrong) if (length > 0) made[at % length]! ^= bits;
          const payload = new Uint8Array(
            Math.max(0, Math.min(65_507, length + (more > 20 ? more : Math.min(0, more)))),
          );
          payload.set(made.subarray(0, payload.length));
          assert.deepEqual(judged(payload, shift), inspectPayload(payload));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('tells the last octet of the largest datagram', () => {
    const payload = makePayload(65_507, 3, 2 ** 32 - 1);
    assert.equal(judged(payload)?.firstWrong, -1);
    payload[65_506]! ^= 1;
    assert.equal(judged(payload)?.firstWrong, 65_506);
  });
});
