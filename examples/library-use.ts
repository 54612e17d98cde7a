/**
 * Sends datagrams of both families and proves each of them on the wire.
 *
 *     npx udp-ufo lab -- node dist/examples/library-use.js
 */
import { createHash } from 'node:crypto';
import { capture, createSocket, Expectation, verify } from 'udp-ufo';

const seen = await capture({ interface: 'near0', filter: 'ip proto 17 or ip6' });
const expect = new Expectation();
for (const [type, address] of [
  ['udp4', '192.0.2.2'],
  ['udp6', '2001:db8::2'],
] as const) {
  await using socket = createSocket({ type });
  for (const length of [0, 1472, 60_000]) {
    const payload = Buffer.alloc(length, type);
    const sha256 = createHash('sha256').update(payload).digest('hex');
    expect.add({ destination: address, destinationPort: 9999, payload: { sha256, length } });
    const { fragments, way } = await socket.send(payload, { address, port: 9999 });
    console.log(`${type}, ${length} octets: ${way}, ${fragments} packets`);
  }
}
await seen.close(); // what it has captured is still read below
for await (const { payloadLen, verdict, mismatches } of verify(seen, { expect })) {
  console.log(`on the wire: ${payloadLen} octets, ${verdict}`, ...mismatches);
}
console.log(`${expect.missing().length} missing`);
