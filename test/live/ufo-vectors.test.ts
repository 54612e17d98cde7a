import { after } from 'node:test';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { openVirtioUfo } from '../../src/tx/packet/virtio-ufo.js';
import { Cutter } from '../ufo/cut.js';
import { assertSame, ourPackets } from '../vectors/compare.js';
import { cutBySocket, cutByUfo, labFlow } from '../vectors/kernel-cut.js';
import { describePacket, headLen, type KernelVector, payloadOf } from '../vectors/kernel-vector.js';
import { describeLive, liveIt } from './in-lab.js';

const SIZES: Readonly<Record<4 | 6, readonly number[]>> = { 4: [1473, 2953, 30_000], 6: [1453, 2889, 30_000] };
const NONE = { options: '', extensionHeaders: [] };

describeLive('the kernel of this machine cuts as we do', () => {
  const cutter = new Cutter();
  after(() => setLabMtu(1500));

  for (const family of [4, 6] as const) {
    for (const mtu of [1500, 1499, 4000]) {
      liveIt(`IPv${family}, MTU ${mtu}`, async () => {
        await setLabMtu(mtu);
        await pinNeighbours();
        const flow = labFlow(family, { mtu });
        for (const len of SIZES[family].filter((size) => size + (family === 4 ? 28 : 48) > mtu)) {
          const payload = payloadOf(len);
          const seen: ['socket' | 'ufo', Uint8Array[]][] = [['socket', cutBySocket(flow, payload)]];
          if (await kernelHasUfo(family)) seen.push(['ufo', await cutByUfo(flow, 4660, payload)]);
          for (const [by, packets] of seen) {
            const head = headLen(family, '', []);
            const described = packets.map((packet) => describePacket(packet, head));
            const name = `${by}, ${len} octets`;
            const vector: KernelVector = { name, by, family, mtu, len, ...NONE, packets: described };
            assertSame(ourPackets(cutter, flow, vector, false), vector);
          }
        }
      });
    }
  }
});

/** Kernels from 4.14 on, and for IPv6 from 5.16 on. */
async function kernelHasUfo(family: 4 | 6): Promise<boolean> {
  await using device = await openVirtioUfo({ interface: LAB.near.interface });
  return device.ufoRefusal(family) === null;
}
