import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createPlainSumKernel, createSumKernel } from '../../src/memory/sum-kernel.js';
import { type WasmMemory, webAssembly } from '../../src/memory/webassembly.js';

const MAX_LEN = 8192;
const SOURCE = 1024;
const TARGET = 32_768;

function memoryOf(pages: number): { memory: WasmMemory; bytes: Uint8Array } {
  const memory = new webAssembly.Memory({ initial: pages, maximum: pages });
  return { memory, bytes: new Uint8Array(memory.buffer) };
}

/** Folded sums of the first 0, 1, … MAX_LEN octets from `offset` on, by the book. */
function referenceSums(bytes: Uint8Array, offset: number): Uint16Array {
  const sums = new Uint16Array(MAX_LEN + 1);
  let sum = 0;
  for (let i = 0; i < MAX_LEN; i++) {
    sum += (i & 1) === 0 ? bytes[offset + i]! << 8 : bytes[offset + i]!;
    sum = (sum & 0xffff) + (sum >>> 16);
    sums[i + 1] = sum;
  }
  return sums;
}

const CONTENTS: Readonly<Record<string, (i: number) => number>> = {
  mixed: (i) => (i * 167 + (i >>> 7) * 31) & 0xff,
  ones: () => 0xff,
  zeros: () => 0,
  'words that the kernel’s means round up every time': (i) => (~i & 1) * [0, 1, 1, 2, 2, 1, 3, 2][(i >>> 4) & 7]!,
};

describe('SIMD sum kernel', () => {
  const { memory, bytes } = memoryOf(1);
  const simd = createSumKernel(memory);
  const plain = createPlainSumKernel(memory);

  it('is what this machine runs', () => assert.equal(simd.simd, true));

  for (const [name, content] of Object.entries(CONTENTS)) {
    it(`sums every length and alignment: ${name}`, () => {
      for (let i = 0; i < bytes.length; i++) bytes[i] = content(i);
      for (let align = 0; align < 16; align++) {
        const offset = SOURCE + align;
        const want = referenceSums(bytes, offset);
        for (let len = 0; len <= MAX_LEN; len++) {
          const got = simd.sum(offset, len);
          if (got !== want[len]) assert.fail(`len ${len} align ${align}: got ${got}, want ${want[len]}`);
          if (align === (len & 15)) assert.equal(plain.sum(offset, len), got, `plain twin, len ${len} align ${align}`);
        }
      }
    });
  }

  it('copies and sums every length and alignment, and touches nothing around', () => {
    for (let i = 0; i < TARGET; i++) bytes[i] = CONTENTS['mixed']!(i);
    for (let align = 0; align < 16; align++) {
      const source = SOURCE + ((align * 5) & 15);
      const target = TARGET + align;
      const want = referenceSums(bytes, source);
      bytes.fill(0xa5, TARGET - 64, TARGET + MAX_LEN + 128);
      for (let len = 0; len <= MAX_LEN; len++) {
        const got = simd.copyAndSum(target, source, len);
        if (got !== want[len]) assert.fail(`len ${len} align ${align}: got ${got}, want ${want[len]}`);
        for (let i = 1; i <= 32; i++) {
          if (bytes[target - i] !== 0xa5) assert.fail(`octet ${i} before the target written, len ${len}`);
          if (bytes[target + len + i - 1] !== 0xa5) assert.fail(`octet ${i} after the target written, len ${len}`);
        }
        const last = Math.min(len, 160); // what is older was looked at with a smaller len
        for (let i = len - last; i < len; i++)
          if (bytes[target + i] !== bytes[source + i]) assert.fail(`octet ${i} of ${len}`);
      }
      assert.deepEqual(bytes.slice(target, target + MAX_LEN), bytes.slice(source, source + MAX_LEN));
    }
  });

  it('agrees with the plain twin on megabytes, where lanes would overflow and means be wrong', () => {
    const { memory: large, bytes: octets } = memoryOf(128);
    const [vector, twin] = [createSumKernel(large), createPlainSumKernel(large)];
    for (const [name, content] of Object.entries(CONTENTS)) {
      for (let i = 0; i < octets.length; i++) octets[i] = content(i);
      octets[1_000_001] = 0x12;
      for (const len of [65_507, (1 << 18) - 1, 1 << 18, (1 << 18) + 129, 1 << 20, (1 << 23) - 1, 1 << 23]) {
        assert.equal(vector.sum(0, len), twin.sum(0, len), `${name}, ${len} octets`);
      }
    }
  });

  it('is exactly what sum-kernel.wat assembles to', () => {
    const script = fileURLToPath(new URL('../../../scripts/build-kernel.mjs', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8', timeout: 20_000 });
    assert.equal(status, 0, stderr);
  });
});
