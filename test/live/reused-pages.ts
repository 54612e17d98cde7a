import assert from 'node:assert/strict';
import { startLiveVerify } from '../../src/app/verify/live.js';
import { Expectation } from '../../src/compare/expectation.js';
import { LAB } from '../../src/host/lab.js';
import { fillPayload } from '../../src/payload/generated.js';
import type { Pages } from '../../src/socket/pages.js';
import { createSocket, type UfoSocket } from '../../src/socket/socket.js';
import type { DriverName } from '../../src/tx/net-device.js';
import type { DatagramVerdict, VerifySummary } from '../../src/verify/verdict.js';
import { liveIt } from './in-lab.js';

export const SEED = 0x5eed;
export const SIZE = 3_000;
const PAGES = 64;
const COUNT = 5_000;
const { near, far } = LAB;

/** `prepare` runs when the capture does, before anything is sent. */
export function itCarriesReusedPages(driver: DriverName, prepare: () => Promise<void> = async () => {}): void {
  for (const type of ['udp4', 'udp6'] as const) {
    liveIt(`carry 5,000 datagrams, rewritten right after each completion: ${driver}, ${type}`, async () => {
      const { verdicts, summary } = await captured(driver, type, COUNT, async (socket) => {
        await prepare();
        const pages = await Promise.all(Array.from({ length: PAGES }, () => socket.allocPages(SIZE)));
        let next = 0;
        const reuse = async (own: Pages): Promise<void> => {
          while (next < COUNT) {
            fillPayload(own.buffers[0]!, SEED, next++);
            const { completed } = socket.sendPages(own);
            await completed;
            own.buffers[0]!.fill(0xff); // whatever still reads it sends this
          }
        };
        await Promise.all(pages.map(reuse));
      });
      const bad = verdicts.find(({ verdict }) => verdict === 'bad');
      assert.equal(bad, undefined, JSON.stringify(bad));
      if (summary.captureLost === 0) assert.equal(summary.good, COUNT);
    });
  }
}

/** What an independent capture on the far host makes of what `send` sends; `count` datagrams are expected. */
export async function captured(
  driver: DriverName,
  type: 'udp4' | 'udp6',
  count: number,
  send: (socket: UfoSocket) => Promise<void>,
): Promise<{ verdicts: DatagramVerdict[]; summary: VerifySummary }> {
  const destination = type === 'udp4' ? far.ipv4 : far.ipv6;
  const source = type === 'udp4' ? near.ipv4 : near.ipv6;
  await using live = await startLiveVerify({
    interface: far.interface,
    hosts: [source],
    datagrams: count,
    expect: new Expectation([], { generated: 'running' }),
    hash: false,
  });
  await using socket = createSocket({ type, driver });
  socket.on('error', () => {}); // nobody listens on that port, and ICMP says so
  await socket.connect(9, destination);
  const sending = send(socket).finally(() => setTimeout(() => live.stop(), 2_000).unref());
  const verdicts: DatagramVerdict[] = [];
  const all = live.verdicts();
  for (;;) {
    const { value, done } = await all.next();
    if (done === true) {
      await sending;
      return { verdicts, summary: value };
    }
    if (value.protocol === 17) verdicts.push(value);
  }
}
