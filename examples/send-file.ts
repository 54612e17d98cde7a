/**
 * UDP sendfile: reads a file straight into user pages and sends the pages as datagrams, with progress. A capture on the far
 * host puts the datagrams together again, and the octets are compared with the file.
 *
 *     npx udp-ufo lab -- node dist/examples/send-file.js [file] [octets per datagram]
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startLiveVerify } from '../src/app/verify/live.js';
import { requireLab } from '../src/host/lab.js';
import { createSocket } from '../src/index.js';

const file = process.argv[2] ?? fileURLToPath(import.meta.url);
const datagramSize = Number(process.argv[3] ?? 1_000);
const { near, far } = requireLab();
const content = await readFile(file);
const expected: string[] = [];
for (let at = 0; at < content.length; at += datagramSize) {
  expected.push(
    createHash('sha256')
      .update(content.subarray(at, at + datagramSize))
      .digest('hex'),
  );
}

const live = await startLiveVerify({ interface: far.interface, hosts: [near.ipv6], datagrams: expected.length });
await using socket = createSocket({ type: 'udp6' });
socket.on('error', () => {}); // nobody listens on that port, and ICMP says so
await socket.connect(9, far.ipv6);
const summary = await socket.sendFile(file, {
  datagramSize,
  onProgress: (octets, total) => console.log(`${octets} of ${total} octets`),
});
for (const { way, why } of summary.ways) console.log(`${summary.driver}, ${way}: ${why}`);

setTimeout(() => live.stop(), 3_000).unref();
const arrived = new Set<string | null>();
for await (const { payloadSha256, verdict } of live.verdicts()) if (verdict === 'good') arrived.add(payloadSha256);
const missing = expected.filter((hash) => !arrived.has(hash)).length;
console.log(`${summary.datagrams} datagrams sent, ${missing} of them not seen whole on the far host`);
process.exitCode = missing === 0 ? 0 : 1;
