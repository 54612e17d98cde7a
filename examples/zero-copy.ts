/**
 * Zero-copy: sends datagrams from 64 reused user pages, and rewrites each page the moment its completion says that it may be
 * used again. A capture on the far host proves that no datagram was torn: every payload says which it is and what its
 * octets have to be. Over IPv6: the 16 bits of IPv4's identification come again within seconds at this rate, and where the
 * capture loses a fragment it would splice two datagrams (RFC 4963), which looks like a torn page and is none.
 *
 *     npx udp-ufo lab -- node dist/examples/zero-copy.js [datagrams] [octets] [driver]
 */
import { startLiveVerify } from '../src/app/verify/live.js';
import { requireLab } from '../src/host/lab.js';
import { createSocket, type DriverName, Expectation, type Pages } from '../src/index.js';
import { fillPayload } from '../src/payload/generated.js';

const [count = 100_000, size = 2_000] = process.argv.slice(2, 4).map(Number);
const driver = (process.argv[4] ?? 'packet-socket') as DriverName;
const { near, far } = requireLab();

await using socket = createSocket({ type: 'udp6', driver });
socket.on('error', () => {}); // nobody listens on that port, and ICMP says so
await socket.connect(9, far.ipv6); // asks for the far host's address, so before the capture
const live = await startLiveVerify({
  interface: far.interface,
  hosts: [near.ipv6],
  datagrams: count,
  expect: new Expectation([], { generated: 'running' }),
  hash: false,
});
const judged = judge();
const { packets } = await socket.path();

const begin = performance.now();
let next = 0;
let copied = 0;
const pages = await Promise.all(Array.from({ length: 64 }, () => socket.allocPages(size)));
await Promise.all(pages.map(reuse));
const seconds = (performance.now() - begin) / 1000;
console.log(`sent ${count} datagrams of ${size} octets (${packets(size)} packets each) in ${seconds.toFixed(1)} s`);
console.log(`${copied} completions say that the kernel copied the page on its way`);

setTimeout(() => live.stop(), 3_000).unref();
const { good, bad, captureLost, torn } = await judged;
console.log(`captured ${good + bad}: ${good} good, ${bad} bad, ${torn} torn; the capture lost ${captureLost} frames`);
process.exitCode = bad > 0 ? 1 : good === count ? 0 : 4; // 4: the capture did not see all

/** Writes the next datagram into its page, sends the page, waits until it is ours again. */
async function reuse(own: Pages): Promise<void> {
  const octets = own.buffers[0]!;
  while (next < count) {
    fillPayload(octets, 1, next++);
    const { completed } = socket.sendPages(own);
    if (!(await completed).zerocopy) copied += 1;
    octets.fill(0xff);
  }
  own[Symbol.dispose]();
}

async function judge() {
  let torn = 0;
  const verdicts = live.verdicts();
  for (;;) {
    const { value, done } = await verdicts.next();
    if (done === true) return { ...value, torn };
    if (value.mismatches.some((one) => one.startsWith('payload'))) torn += 1;
  }
}
