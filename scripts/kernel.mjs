// What assembles a .wat file of src/, and how its octets are written down.
import wabt from 'wabt';

const features = { simd: true, threads: true, bulk_memory: true };
const { parseWat } = await wabt();

/** The kernel of `source` as a TypeScript (and JavaScript) module; throws where it is no valid WebAssembly. */
export function kernelModule(source, text, type = ': Uint8Array') {
  const kernel = parseWat(source, text, features);
  kernel.validate(features);
  const { buffer } = kernel.toBinary({});
  kernel.destroy();
  const name = /([a-z]+)-kernel\.wat$/.exec(source)[1];
  const lines = [];
  for (let at = 0; at < buffer.length; at += 20) lines.push(`  ${[...buffer.subarray(at, at + 20)].join(', ')},`);
  return `// Made by scripts/build-kernel.mjs from ${name}-kernel.wat. Do not edit.
/** The SIMD kernel as a WebAssembly module, ${buffer.length} octets. */
export const ${name.toUpperCase()}_KERNEL_BYTES${type} = Uint8Array.of(
${lines.join('\n')}
);
`;
}
