/**
 * Zero-copy: sends datagrams from 64 reused user pages, and rewrites each page the moment its completion says that it may be
 * used again. A capture on the sender's link proves that no datagram was torn: each has octets of its own, which are compared.
 * Over IPv6: the 16 bits of IPv4's identification come again within seconds at this rate, and where the capture loses a
 * fragment it would splice two datagrams (RFC 4963), which looks like a torn page and is none.
 *
 *     npx udp-ufo lab -- node dist/examples/zero-copy.js [datagrams] [octets] [driver]
 */
import { createHash } from 'node:crypto';
import { capture, createSocket, type DriverName, Expectation, type Pages, verify } from 'udp-ufo';

const [count = 20_000, size = 2_000] = process.argv.slice(2, 4).map(Number);
const driver = (process.argv[4] ?? 'packet-socket') as DriverName;
const [address, port] = ['2001:db8::2', 9];

const expect = new Expectation();
const model = Buffer.alloc(size);
for (let sequence = 0; sequence < count; sequence++) {
  fill(model, sequence);
  const sha256 = createHash('sha256').update(model).digest('hex');
  expect.add({ destination: address, destinationPort: port, payload: { sha256, length: size } });
}

await using socket = createSocket({ type: 'udp6', driver });
socket.on('error', () => {}); // nobody listens on that port, and ICMP says so
await socket.connect(port, address);
const seen = await capture({ interface: 'near0', filter: 'ip6' });
const judged = judge();

const begin = performance.now();
let next = 0;
let copied = 0;
const pages = await Promise.all(Array.from({ length: 64 }, () => socket.allocPages(size)));
await Promise.all(pages.map(reuse));
const seconds = (performance.now() - begin) / 1000;
const { packets } = await socket.path();
console.log(`sent ${count} datagrams of ${size} octets (${packets(size)} packets each) in ${seconds.toFixed(1)} s`);
console.log(`${copied} completions say that the kernel copied the page on its way`);

await seen.close(); // what it has captured is still read
const { good, bad } = await judged;
const { lost } = await seen.stats();
console.log(`captured ${good + bad}: ${good} good, ${bad} torn; the capture lost ${lost} frames`);
process.exitCode = bad > 0 ? 1 : good === count ? 0 : 4; // 4: the capture did not see all

/** Octets that only this datagram has. */
function fill(octets: Uint8Array, sequence: number): void {
  octets.fill(sequence);
  new DataView(octets.buffer, octets.byteOffset).setUint32(0, sequence);
}

/** Writes the next datagram into its page, sends the page, waits until it is ours again. */
async function reuse(own: Pages): Promise<void> {
  const octets = own.buffers[0]!;
  while (next < count) {
    fill(octets, next++);
    const { completed } = socket.sendPages(own);
    if (!(await completed).zerocopy) copied += 1;
    octets.fill(0xff);
  }
  own[Symbol.dispose]();
}

async function judge(): Promise<{ good: number; bad: number }> {
  const counts = { good: 0, bad: 0 };
  for await (const { verdict, udp } of verify(seen, { expect })) {
    if (udp?.destinationPort === port && verdict !== 'incomplete') counts[verdict === 'good' ? 'good' : 'bad'] += 1;
  }
  return counts;
}
