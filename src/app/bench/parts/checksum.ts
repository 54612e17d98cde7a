import assert from 'node:assert/strict';
import { createPlainSumKernel } from '../../../memory/sum-kernel.js';
import { PAGE_SIZE, UserMemory } from '../../../memory/user-memory.js';
import { nsPerCall } from '../timing.js';
import type { Part, PartPlan } from './part.js';

const LEN = 65_536;
/** Far beyond a core's own caches. */
const COLD = 64 << 20;

/** The sum of 64 KiB: hot in the cache, cold out of memory, and its plain twin. */
export function timeChecksum({ ms }: PartPlan): Part[] {
  const memory = new UserMemory({ pages: COLD / PAGE_SIZE });
  for (let word = 0; word < memory.words.length; word++) memory.words[word] = Math.imul(word, 0x9e37_79b1);
  const plain = createPlainSumKernel(memory.wasm);
  assert.equal(memory.sums.sum(0, LEN), plain.sum(0, LEN), 'both kernels give the same sum');
  let at = 0;
  let sum = 0;
  const hot = nsPerCall(ms, 1000, () => {
    sum ^= memory.sums.sum(0, LEN);
  });
  const cold = nsPerCall(ms, COLD / LEN, () => {
    sum ^= memory.sums.sum(at, LEN);
    at = (at + LEN) % COLD;
  });
  const twin = nsPerCall(ms, 10, () => {
    sum ^= plain.sum(0, LEN);
  });
  assert.ok(sum >= 0);
  const kind = memory.sums.simd ? 'SIMD' : 'plain, no SIMD here';
  return [
    { type: 'part', name: 'checksum', what: `checksum of 64 KiB, hot (${kind})`, value: hot / 1000, unit: 'µs' },
    { type: 'part', name: 'checksumCold', what: `checksum of 64 KiB, cold (${kind})`, value: cold / 1000, unit: 'µs' },
    {
      type: 'part',
      name: 'checksumPlain',
      what: 'checksum of 64 KiB, hot, plain twin',
      value: twin / 1000,
      unit: 'µs',
    },
  ];
}
