/**
 * UDP sendfile: reads a file straight into user pages and sends the pages as datagrams, with progress. A capture on the
 * sender's link puts the datagrams together again, and their octets are compared with the file.
 *
 *     npx udp-ufo lab -- node dist/examples/send-file.js [file] [octets per datagram]
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { capture, createSocket, Expectation, verify } from 'udp-ufo';

const file = process.argv[2] ?? fileURLToPath(import.meta.url);
const datagramSize = Number(process.argv[3] ?? 1_000);
const [address, port] = ['2001:db8::2', 9];

const content = await readFile(file);
const expect = new Expectation();
for (let at = 0; at < content.length; at += datagramSize) {
  const octets = content.subarray(at, at + datagramSize);
  const sha256 = createHash('sha256').update(octets).digest('hex');
  expect.add({ destination: address, destinationPort: port, payload: { sha256, length: octets.length } });
}

const seen = await capture({ interface: 'near0', filter: 'ip6' });
await using socket = createSocket({ type: 'udp6' });
const summary = await socket.sendFile(file, {
  datagramSize,
  address,
  port,
  onProgress: (octets, total) => console.log(`${octets} of ${total} octets`),
});
for (const { way, why } of summary.ways) console.log(`${summary.driver}, ${way}: ${why}`);

await seen.close(); // what it has captured is still read below
let good = 0;
for await (const { verdict, udp } of verify(seen, { expect })) {
  if (verdict === 'good' && udp?.destinationPort === port) good += 1;
}
const missing = expect.missing().length;
console.log(`${summary.datagrams} datagrams sent, ${good} of them seen whole and right, ${missing} missing`);
process.exitCode = missing === 0 ? 0 : 1;
