import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { udpFilter } from '../../src/capture/filter.js';
import { openCapture, spawnPrefixFor } from '../../src/capture/open-capture.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { sha256 } from '../../src/payload/sha256.js';
import { createSocket, type UfoSocket } from '../../src/socket/socket.js';
import type { DriverName } from '../../src/tx/net-device.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';

const { near, far } = LAB;

/** In the order of sending: all are good, and have these payloads. */
export function assertSeen(seen: readonly DatagramVerdict[], want: readonly Uint8Array[]): void {
  for (const { verdict, mismatches } of seen) assert.equal(verdict, 'good', JSON.stringify(mismatches));
  assert.deepEqual(
    seen.map(({ payloadSha256 }) => payloadSha256),
    want.map(sha256),
  );
}

/** What the far interface sees of UDP between the hosts while a socket sends, until so many datagrams have come. */
export async function watchStream(
  type: 'udp4' | 'udp6',
  datagrams: number,
  work: (socket: UfoSocket) => Promise<void>,
  driver: DriverName,
): Promise<readonly DatagramVerdict[]> {
  await setLabMtu(1500);
  await pinNeighbours();
  const family = type === 'udp4' ? 'ipv4' : 'ipv6';
  const capture = await openCapture({
    interface: far.interface,
    filter: udpFilter({ hosts: [near[family], far[family]] }),
    spawnPrefix: spawnPrefixFor(far.interface),
  });
  // Verdicts on fragments wait for duplicates: what is complete is counted as it comes.
  let complete = 0;
  const observe = (): [] => {
    complete += 1;
    return [];
  };
  const verifier = new Verifier({ observe });
  const verdicts: DatagramVerdict[] = [];
  const reading = (async () => {
    for await (const frames of capture) for (const verdict of verifier.push(frames)) verdicts.push(verdict);
  })();
  try {
    await using socket = createSocket({ type, driver });
    socket.on('error', () => undefined); // nobody listens over there
    await socket.connect(9, far[family]);
    await work(socket);
    for (let waited = 0; waited < 5000 && complete < datagrams; waited += 20) await sleep(20);
    await sleep(50); // for one too many
  } finally {
    await capture[Symbol.asyncDispose]();
    await reading;
  }
  return [...verdicts, ...verifier.end()];
}
