// Assembles src/memory/sum-kernel.wat by wabt and writes the octets as a TypeScript file, which is committed: building or
// using udp-ufo needs no assembler. `--check` only compares. Run it after changing the .wat file.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = `${root}src/memory/sum-kernel.wat`;
const target = `${root}src/memory/sum-kernel-bytes.generated.ts`;

const features = { simd: true, threads: true };
const kernel = (await wabt()).parseWat(source, readFileSync(source, 'utf8'), features);
kernel.validate(features);
const { buffer } = kernel.toBinary({});
const lines = [];
for (let at = 0; at < buffer.length; at += 20) lines.push(`  ${[...buffer.subarray(at, at + 20)].join(', ')},`);
const text = `// Made by scripts/build-kernel.mjs from sum-kernel.wat. Do not edit.
/** The SIMD kernel as a WebAssembly module, ${buffer.length} octets. */
export const SUM_KERNEL_BYTES: Uint8Array = Uint8Array.of(
${lines.join('\n')}
);
`;
if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error(
    'src/memory/sum-kernel-bytes.generated.ts is not what sum-kernel.wat gives: run scripts/build-kernel.mjs',
  );
  process.exitCode = 1;
}
