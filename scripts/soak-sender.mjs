// One driver of `npm run soak`, in a lab: sends until its time is over, while the far end is captured by a process of its own, as
// `capture -w` does it, and tells samples of memory, descriptors and threads, the capture's included, as JSON a line.
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { installSink } from '../dist/src/app/bench/sink.js';
import { DEFAULT_BUFFER_SIZE } from '../dist/src/capture/child/capture.js';
import { CaptureChild } from '../dist/src/capture/child/process.js';
import { spawnPrefixFor } from '../dist/src/capture/open-capture.js';
import { pinNeighbours } from '../dist/src/host/lab.js';
import { createSocket } from '../dist/src/index.js';

const [driver, seconds, fragments] = process.argv.slice(2);
const [NEAR, FAR, TO, PORT] = ['near0', 'far0', '192.0.2.2', 9];
const SAMPLES = 300;

await pinNeighbours(); // the sink drops what would tell who has which address, too
await installSink();
const sightings = await watch(openSync('/dev/null', 'w'));

const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
const sampling = setInterval(sample, Math.max(250, (1000 * Math.min(Number(seconds), 600)) / SAMPLES));
const socket = createSocket({ type: 'udp4', interface: NEAR, driver });
await socket.connect(PORT, TO);
const { fragments: sent, lost } = await socket.sendMany(datagrams());
const took = elapsed();
clearInterval(sampling);
await socket.close();
const { seen, lost: captureLost } = await sightings.end();
const named = { ...lost, capture: captureLost ?? 0 };
process.stdout.write(`${JSON.stringify({ sent, seen, lost: named, seconds: took })}\n`);

/** The same octets again and again: what is soaked is the way out. */
async function* datagrams() {
  const payload = new Uint8Array(65_507).fill(0xa5);
  const most = Number(fragments) < 0 ? Number.POSITIVE_INFINITY : Math.ceil(Number(fragments) / 45);
  for (let count = 0; count < most && elapsed() < Number(seconds); count++) yield payload;
}

/** Captures the far end into a file; its frames would keep this process from sending. */
async function watch(fileFd) {
  const told = {
    ...{ interface: FAR, filter: `udp and dst host ${TO}`, bufferSize: DEFAULT_BUFFER_SIZE },
    ...{ mode: 'file', file: { path: '/dev/null', format: 'pcap' } },
  };
  const child = await CaptureChild.start(told, { spawnPrefix: spawnPrefixFor(FAR), fileFd });
  const ended = (async () => {
    for await (const message of child.messages()) void message; // it has only figures to tell
  })();
  ended.catch(() => {}); // told by `end`
  return {
    get seen() {
      return child.stats.received;
    },
    /** Once nothing more comes; with what the kernel dropped for want of room. */
    async end() {
      for (let quiet = 0, last = -1, waited = 0; quiet < 10 && waited < 300; waited++) {
        await sleep(100);
        quiet = child.stats.received === last ? quiet + 1 : 0;
        last = child.stats.received;
      }
      child.stop();
      await ended;
      return { seen: child.stats.received, lost: child.stats.lost };
    },
  };
}

function sample() {
  const figures = { memory: 0, descriptors: 0, threads: 0 };
  for (const pid of family(process.pid)) {
    try {
      const [, resident] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
      figures.memory += Number(resident) * 1024; // statm counts pages, whose size is not the same everywhere
      figures.descriptors += readdirSync(`/proc/${pid}/fd`).length;
      figures.threads += readdirSync(`/proc/${pid}/task`).length;
    } catch {
      // it has ended meanwhile
    }
  }
  process.stdout.write(
    `${JSON.stringify({ sample: { seconds: elapsed(), fragments: sightings.seen, ...figures } })}\n`,
  );
}

function family(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return [pid, ...children.flatMap(family)];
  } catch {
    return [pid];
  }
}
