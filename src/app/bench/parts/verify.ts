import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileCapture } from '../../../capture/file/engine.js';
import { runTool } from '../../../host/run-tool.js';
import { Verifier } from '../../../verify/verifier.js';
import { LINKTYPE_ETHERNET } from '../../../wire/link-layer.js';
import { CaptureOutput } from '../../common/capture-output.js';
import { framesOf, labFlow } from '../contestants/ready-frames.js';
import { MAIN } from '../scenario.js';
import { median } from '../statistics.js';
import type { Part, PartPlan } from './part.js';

const RUNS = 5;

/** Reassembly and both checksums over a file in the page cache, against tshark doing the same. */
export async function timeVerify({ fileDatagrams, signal }: PartPlan): Promise<Part[]> {
  const folder = await mkdtemp(join(tmpdir(), 'udp-ufo-bench-'));
  try {
    const file = join(folder, 'fragments.pcap');
    const frames = await writeFragments(file, fileDatagrams);
    const rates: number[] = [];
    for (let run = 0; run <= RUNS; run++) {
      signal.throwIfAborted();
      const seconds = await verifySeconds(file, fileDatagrams);
      if (run > 0) rates.push(frames / seconds / 1e6);
    }
    const rate = median(rates);
    const ours: Part = {
      type: 'part',
      name: 'verify',
      what: `verify ${frames} frames in a file`,
      value: rate,
      unit: 'M frames/s',
    };
    const tshark = await tsharkRate(file, frames).catch(() => null);
    if (tshark === null) return [ours];
    return [
      ours,
      { type: 'part', name: 'tshark', what: 'tshark on the same file', value: tshark, unit: 'M frames/s' },
      { type: 'part', name: 'verifyToTshark', what: 'verify to tshark', value: rate / tshark, unit: '×' },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeFragments(file: string, datagrams: number): Promise<number> {
  await using writer = await CaptureOutput.open(file, LINKTYPE_ETHERNET);
  const flow = labFlow(MAIN, true);
  for (let ident = 1; ident <= datagrams; ident++) await writer.write([...framesOf(MAIN, flow, ident)]);
  await writer.finish();
  return writer.frames;
}

async function verifySeconds(file: string, datagrams: number): Promise<number> {
  const begin = performance.now();
  await using capture = await openFileCapture(file, { reuse: true });
  const verifier = new Verifier({ hash: false });
  let good = 0;
  const count = (verdicts: readonly { verdict: string }[]): void => {
    for (const { verdict } of verdicts) if (verdict === 'good') good++;
  };
  for await (const frames of capture) count(verifier.push(frames));
  count(verifier.end());
  assert.equal(good, datagrams, 'every datagram of the file is good');
  return (performance.now() - begin) / 1000;
}

/** Million frames a second; its start, measured on no frames, is taken off. */
async function tsharkRate(file: string, frames: number): Promise<number> {
  const checks = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE'];
  const run = async (count: number): Promise<number> => {
    const begin = performance.now();
    const limit = ['-c', String(count), '-T', 'fields', '-e', 'udp.checksum.status'];
    await runTool('tshark', ['-n', '-r', file, ...checks, ...limit], { timeoutMs: 60_000 });
    return (performance.now() - begin) / 1000;
  };
  const start = await run(1);
  return (frames - 1) / Math.max(1e-3, (await run(frames)) - start) / 1e6;
}
