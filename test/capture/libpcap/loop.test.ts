import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LibpcapLoop } from '../../../src/capture/libpcap/loop.js';
import { TICK_MS } from '../../../src/capture/record-sink.js';
import { koffi } from '../../../src/host/libc.js';
import { interposeNativeCalls, type NativeCall } from '../../../src/host/native-calls.js';
import { captureFormat } from '../../../src/wire/capture-format.js';
import { FILE_HEADER_LEN } from '../../../src/wire/pcap-format.js';

/** What the kernel's ring gives, a number of frames each time it is asked; then nothing more. */
let ring: number[] = [];
/** Each poll(2): descriptors and milliseconds. */
let polls: [descriptors: number, ms: number][] = [];

const fwrite = koffi().load(null).func('size_t fwrite(void*, size_t, size_t, void*)');
const answers: Record<string, (...words: unknown[]) => unknown> = {
  pcap_create: () => 1,
  pcap_geterr: () => '',
  pcap_get_selectable_fd: () => 3,
  pcap_stats: () => -1,
  pcap_dump_fopen: (_pcap, stream) => {
    fwrite(captureFormat('pcap', { linktype: 1 }).header(), 1, FILE_HEADER_LEN, stream);
    return 1;
  },
  pcap_dispatch: () => ring.shift() ?? 0,
  poll: (_fds, descriptors, ms) => {
    polls.push([descriptors as number, ms as number]);
    return 0;
  },
};

interposeNativeCalls((name, call): NativeCall => {
  const answer = answers[name] ?? (name.startsWith('pcap_') ? () => 0 : undefined);
  return answer === undefined ? call : Object.assign(answer, { async: call.async });
});

/** The polls of a loop over `frames`, the last of which ends it. */
async function pollsOf(frames: number[], bufferSize: number): Promise<typeof polls> {
  ring = frames;
  polls = [];
  const sink = { start() {}, records: () => true, tick: () => true, finish() {} };
  const loop = new LibpcapLoop(sink, () => undefined);
  await loop.open({ interface: 'eth0', filter: '', bufferSize, frames: frames.reduce((sum, one) => sum + one, 0) });
  await new Promise<void>((resolve) => loop.onEnd(resolve));
  return polls;
}

const FOR_FRAMES = [2, TICK_MS];
const PAUSE = [1, 5];

test('while frames keep coming they are left to collect, and the parent is still heard', async () => {
  const frames = [128, 42, 0, 128, 0, 0, 3, 0, 1];
  assert.deepEqual(await pollsOf(frames, 64 << 20), [PAUSE, PAUSE, FOR_FRAMES, FOR_FRAMES]);
});

test('a ring that a pause could fill is emptied as soon as a block of it is there', async () => {
  assert.deepEqual(await pollsOf([128, 42, 0, 128, 0, 1], 2 << 20), [FOR_FRAMES, FOR_FRAMES]);
});
