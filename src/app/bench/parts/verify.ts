import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openFileCapture } from '../../../capture/file/engine.js';
import { scratchFolder } from '../../../host/lab.js';
import { childrenCpuSeconds } from '../../../host/processor-time.js';
import { runTool } from '../../../host/run-tool.js';
import { verdictsOf } from '../../../verify/batches.js';
import { Verifier } from '../../../verify/verifier.js';
import { LINKTYPE_ETHERNET } from '../../../wire/link-layer.js';
import { CaptureOutput } from '../../common/capture-output.js';
import { compileC } from '../contestants/c-program.js';
import { framesOf, labFlow } from '../contestants/ready-frames.js';
import { VERIFY_C } from '../contestants/verify-source.js';
import { MAIN } from '../scenario.js';
import { median } from '../statistics.js';
import type { Part, PartPlan } from './part.js';

const RUNS = 7;
/** Runs before those that count: V8 goes on compiling for about a million frames. */
const WARM_UP = 12;

/**
 * Reassembly and both checksums over a file in the page cache, by processor time, against C that does the same and nothing
 * else, each in turn, and against tshark.
 */
export async function timeVerify({ fileDatagrams, signal }: PartPlan): Promise<Part[]> {
  const folder = await mkdtemp(join(scratchFolder(), 'udp-ufo-bench-'));
  try {
    const file = join(folder, 'fragments.pcap');
    const frames = await writeFragments(file, fileDatagrams);
    const program = await compileC(folder, 'verify', VERIFY_C).catch(() => null);
    const rates: number[] = [];
    const toC: number[] = [];
    for (let run = -WARM_UP; run < RUNS; run++) {
      signal.throwIfAborted();
      const seconds = await verifySeconds(file, fileDatagrams);
      const secondsC = program === null ? Number.NaN : await cSeconds(program, file, fileDatagrams);
      if (run < 0) continue;
      rates.push(frames / seconds / 1e6);
      toC.push(secondsC / seconds);
    }
    const rate = median(rates);
    const parts = [part('verify', `verify ${frames} frames in a file, by processor time`, rate, 'M frames/s')];
    if (program !== null)
      parts.push(part('verifyToC', 'verify to plain C that reads and sums the same', median(toC), '×'));
    const tshark = await tsharkRate(file, frames).catch(() => null);
    if (tshark === null) return parts;
    return [
      ...parts,
      part('tshark', 'tshark on the same file, by processor time', tshark, 'M frames/s'),
      part('verifyToTshark', 'verify to tshark', rate / tshark, '×'),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function part(name: string, what: string, value: number, unit: string): Part {
  return { type: 'part', name, what, value, unit };
}

/** Its start is a millisecond of what it says. */
async function cSeconds(program: string, file: string, datagrams: number): Promise<number> {
  const { seconds, good } = JSON.parse(await runTool(program, [file], { timeoutMs: 20_000 })) as {
    seconds: number;
    good: number;
  };
  assert.equal(good, datagrams, 'every datagram of the file is good to the C program');
  return seconds;
}

async function writeFragments(file: string, datagrams: number): Promise<number> {
  await using writer = await CaptureOutput.open(file, LINKTYPE_ETHERNET);
  const flow = labFlow(MAIN, true);
  for (let ident = 1; ident <= datagrams; ident++) await writer.write([...framesOf(MAIN, flow, ident)]);
  await writer.finish();
  return writer.frames;
}

async function verifySeconds(file: string, datagrams: number): Promise<number> {
  const begin = process.cpuUsage();
  const verifier = new Verifier({ hash: false, tellGood: false });
  await using capture = await openFileCapture(file, { reuse: true, buffers: verifier.readBuffers });
  for await (const others of verdictsOf(verifier, capture)) assert.equal(others.length, 0, 'nothing is not good');
  verifier.end();
  assert.equal(verifier.judged, datagrams, 'every datagram of the file was judged');
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1e6;
}

/** Million frames a second of processor time; its start, measured on no frames, is taken off. */
async function tsharkRate(file: string, frames: number): Promise<number> {
  const checks = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE'];
  const run = async (count: number): Promise<number> => {
    const begin = childrenCpuSeconds();
    const limit = ['-c', String(count), '-T', 'fields', '-e', 'udp.checksum.status'];
    await runTool('tshark', ['-n', '-r', file, ...checks, ...limit], { timeoutMs: 60_000 });
    return childrenCpuSeconds() - begin;
  };
  const start = await run(1);
  return (frames - 1) / Math.max(1e-3, (await run(frames)) - start) / 1e6;
}
