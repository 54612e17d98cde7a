import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { FarReceiver } from '../../src/app/demo/far-receiver.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { sha256 } from '../../src/payload/sha256.js';
import type { Flow } from '../../src/skb/flow.js';
import type { NetDevice } from '../../src/tx/net-device.js';
import { takeNext } from './far-receiver.js';
import { type HandMade, type HandMadeDatagram, makeFlow, payloadOf } from './hand-made.js';
import { sendRows } from './send-rows.js';
import { watchFar } from './watch-far.js';

const { near, far } = LAB;
export const FAMILIES = [
  { family: 4, source: near.ipv4, destination: far.ipv4, largest: 65_507 },
  { family: 6, source: near.ipv6, destination: far.ipv6, largest: 65_527 },
] as const;

export interface Delivery {
  /** In a function, for it is started after the tests are named. */
  readonly receiver: () => FarReceiver;
  /** The device, and the memory that its rows must lie in. */
  readonly open: (family: 4 | 6) => Promise<{ device: NetDevice; made: HandMade }>;
  readonly push: (made: HandMade, datagram: HandMadeDatagram) => void;
  readonly foreign?: readonly boolean[];
}

/**
 * Both families, MTU 1500 and 9000, pages of the pool and the caller's own, payloads from nothing to the largest: an
 * ordinary socket on the far host reads the same octets, and as many frames as should be were on the wire.
 */
export function itDelivers({ receiver, open, push, foreign = [false, true] }: Delivery): void {
  for (const mtu of [1500, 9000]) {
    for (const { family, source, destination, largest } of FAMILIES) {
      for (const pages of foreign) {
        it(`IPv${family}, MTU ${mtu}, ${pages ? 'foreign' : 'pool'} pages: the far socket reads the same octets`, async () => {
          await setLabMtu(mtu);
          await pinNeighbours();
          const { device, made } = await open(family);
          await using _ = device;
          const { port } = receiver();
          const linkHeader = await device.linkHeader(makeFlow(source, destination, port));
          const flow = makeFlow(source, destination, port, { linkHeader, mtu: device.mtu });
          const payloads = [0, 1, mtu, 8192, largest].map((len, i) => payloadOf(len, i));
          payloads.forEach((payload, i) => {
            push(made, { flow, payload, foreign: pages, ident: 100 + i });
          });
          const frames = payloads.reduce((sum, { length }) => sum + fragmentsOf(flow, length), 0);
          await using watch = await watchFar(family, frames);
          await sendRows(device, made);
          assert.equal(await watch.frames(), frames);
          const received = await takeNext(receiver(), payloads.length);
          assert.deepEqual(
            received,
            payloads.map((payload) => ({ length: payload.length, sha256: sha256(payload), port: 1111 })),
          );
        });
      }
    }
  }
}

/** Packets that a payload makes; exported so that a test can hold a device's count against it. */
export function fragmentsOf({ family, mtu }: Flow, payloadLen: number): number {
  const ipLen = family === 4 ? 20 : 40;
  if (ipLen + 8 + payloadLen <= mtu) return 1;
  return Math.ceil((payloadLen + 8) / ((mtu - ipLen - (family === 6 ? 8 : 0)) & ~7));
}
