// One driver of `npm run soak`, in a lab: sends until its time is over, while the far end is captured, and tells samples of its
// memory, descriptors and threads, those of its capture included, as JSON a line.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { installSink } from '../dist/src/app/bench/sink.js';
import { openCapture, spawnPrefixFor } from '../dist/src/capture/open-capture.js';
import { pinNeighbours } from '../dist/src/host/lab.js';
import { createSocket } from '../dist/src/index.js';

const [driver, seconds, fragments] = process.argv.slice(2);
const [NEAR, FAR, TO, PORT] = ['near0', 'far0', '192.0.2.2', 9];
const SAMPLES = 300;
const PAGE = 4096;

await pinNeighbours(); // the sink drops what would tell who has which address, too
await installSink();
const watching = new AbortController();
const filter = `udp and dst host ${TO}`;
const captured = await openCapture({
  interface: FAR,
  filter,
  spawnPrefix: spawnPrefixFor(FAR),
  signal: watching.signal,
});
let seen = 0;
const counting = (async () => {
  for await (const batch of captured) seen += batch.length;
})().catch((error) => {
  if (!watching.signal.aborted) throw error;
});

const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
const sampling = setInterval(sample, Math.max(250, (1000 * Math.min(Number(seconds), 600)) / SAMPLES));
const socket = createSocket({ type: 'udp4', interface: NEAR, driver });
await socket.connect(PORT, TO);
const { fragments: sent, lost } = await socket.sendMany(datagrams());
const took = elapsed();
clearInterval(sampling);
await settled();
const { lost: captureLost } = await captured.stats();
await socket.close();
watching.abort();
await captured.close();
await counting;
const named = { ...lost, capture: captureLost ?? 0 };
process.stdout.write(`${JSON.stringify({ sent, seen, lost: named, seconds: took })}\n`);

/** The same octets again and again: what is soaked is the way out. */
async function* datagrams() {
  const payload = new Uint8Array(65_507).fill(0xa5);
  const most = Number(fragments) < 0 ? Number.POSITIVE_INFINITY : Math.ceil(Number(fragments) / 45);
  for (let count = 0; count < most && elapsed() < Number(seconds); count++) {
    yield payload;
    if (count % 64 === 63) await sleep(0); // the capture's frames are read in this process
  }
}

/** Until nothing more comes. */
async function settled() {
  for (let quiet = 0, last = seen, waited = 0; quiet < 10 && waited < 300; waited++) {
    await sleep(100);
    quiet = seen === last ? quiet + 1 : 0;
    last = seen;
  }
}

function sample() {
  const figures = { memory: 0, descriptors: 0, threads: 0 };
  for (const pid of family(process.pid)) {
    try {
      figures.memory += Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE;
      figures.descriptors += readdirSync(`/proc/${pid}/fd`).length;
      figures.threads += readdirSync(`/proc/${pid}/task`).length;
    } catch {
      // it has ended meanwhile
    }
  }
  process.stdout.write(`${JSON.stringify({ sample: { seconds: elapsed(), fragments: seen, ...figures } })}\n`);
}

function family(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return [pid, ...children.flatMap(family)];
  } catch {
    return [pid];
  }
}
