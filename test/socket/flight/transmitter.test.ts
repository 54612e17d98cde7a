import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { ERRNO, type UfoError } from '../../../src/errors.js';
import { PagePool } from '../../../src/memory/page-pool.js';
import { UserMemory } from '../../../src/memory/user-memory.js';
import { inspectPayload, makePayload } from '../../../src/payload/generated.js';
import { createFlow } from '../../../src/skb/flow.js';
import { Sock } from '../../../src/skb/sock.js';
import { Datagram, type Failure, type PagesSent } from '../../../src/socket/flight/datagram.js';
import { Transmitter } from '../../../src/socket/flight/transmitter.js';
import { Turnstile } from '../../../src/socket/flight/turnstile.js';
import type { UfoSocket } from '../../../src/socket/socket.js';
import { copied, datagramTruesize, ipAppendData } from '../../../src/ufo/append-data.js';
import { FakeDevice, type FakeOptions, fakeSocket, turns } from '../fake-device.js';

const POOL = 200;
const SIZES = [100, 4000, 20_000, 65_507, 10];
const MTU = 1500;
const fragmentsOf = (len: number, mtu: number): number =>
  len + 28 <= mtu ? 1 : Math.ceil((len + 8) / ((mtu - 20) & ~7));

interface Outcome {
  readonly error: UfoError | null;
  readonly zerocopy: boolean;
  readonly fragmentsSent: number;
}

describe('the transmitter', () => {
  const rows = SIZES.map((len) => fragmentsOf(len, MTU));
  const total = rows.reduce((sum, count) => sum + count, 0);

  for (const atOnce of [1, 7, 64]) {
    it(`fails one datagram, and that one only, when any of its rows is refused, ${atOnce} rows a call`, async () => {
      for (let at = 0; at < total; at++) {
        let refused = false;
        const refuse = (count: number): number => {
          if (refused || count !== at) return 0;
          refused = true;
          return ERRNO.EMSGSIZE;
        };
        const { outcomes, device } = await sendAll(SIZES, { atOnce, refuse });
        let begin = 0;
        outcomes.forEach(({ error, zerocopy, fragmentsSent }, i) => {
          const hit = at >= begin && at < begin + rows[i]!;
          assert.equal(error?.code, hit ? 'EMSGSIZE' : undefined, `datagram ${i}, row ${at}`);
          assert.equal(zerocopy, !hit);
          assert.equal(fragmentsSent, hit ? at - begin : rows[i]!);
          begin += rows[i]!;
        });
        const firsts = device.seen.filter(({ frame }) => (new DataView(frame.buffer).getUint16(6) & 0x1fff) === 0);
        assert.deepEqual(
          firsts.map(({ frame }) => inspectPayload(frame.subarray(28))?.sequence ?? 4),
          [0, 1, 2, 3, 4].filter((i) => outcomes[i]!.fragmentsSent > 0),
          'order',
        );
      }
    });
  }

  for (const errno of [ERRNO.EAGAIN, ERRNO.ENOBUFS]) {
    it(`waits and goes on where the device is full at any row (${errno})`, async () => {
      for (let at = 0; at < total; at++) {
        let times = 3;
        const refuse = (count: number): number => (count === at && times-- > 0 ? errno : 0);
        const { outcomes, device } = await sendAll(SIZES, { refuse });
        assert.ok(outcomes.every(({ error, zerocopy }) => error === null && zerocopy));
        assert.equal(device.seen.length, total);
        assert.equal(device.waits, 3);
      }
    });
  }

  it('sends a datagram of more rows than a batch holds, and fails it at any of them', async () => {
    const mtu = 68;
    const sizes = [50_000, 65_507, 65_507, 30];
    const counts = sizes.map((len) => fragmentsOf(len, mtu));
    assert.ok(counts[1]! > 1024);
    const whole = await sendAll(sizes, { mtu });
    assert.ok(whole.outcomes.every(({ error }) => error === null));
    assert.equal(whole.device.seen.length, counts[0]! + counts[1]! + counts[2]! + 1);
    for (const row of [0, 1, 500, 1022, 1023, 1024, 1025, counts[1]! - 1]) {
      let refused = false;
      const refuse = (count: number): number => {
        if (refused || count !== counts[0]! + row) return 0;
        refused = true;
        return ERRNO.ENETDOWN;
      };
      const { outcomes } = await sendAll(sizes, { mtu, refuse });
      assert.deepEqual(
        outcomes.map(({ error, fragmentsSent }) => [error?.code ?? null, fragmentsSent]),
        [
          [null, counts[0]],
          ['ENETDOWN', row],
          [null, counts[2]],
          [null, 1],
        ],
      );
    }
  });

  it('fails everything in turn where the device refuses every row', async () => {
    const { outcomes } = await sendAll(SIZES, { refuse: () => ERRNO.ENETDOWN });
    assert.ok(outcomes.every(({ error, fragmentsSent }) => error?.code === 'ENETDOWN' && fragmentsSent === 0));
    assert.match(outcomes[0]!.error!.hint!, /ip link set fake0 up.*no carrier/);
  });

  it('completes once where the device drops or duplicates rows, and holds what it has', async () => {
    const { device, outcomes } = await sendAll(SIZES, { holds: true, atOnce: 3 }, (one) => {
      const twice = one.held.slice(); // a duplicate is one more reference
      for (const skb of twice) skb.users += 1;
      one.held.push(...twice);
      one.complete();
    });
    assert.equal(device.held.length, 0);
    assert.ok(outcomes.every(({ zerocopy }) => zerocopy));
  });

  it('frees a datagram once, also where whoever is told of it throws', async () => {
    const pool = new PagePool(new UserMemory({ pages: 16 }));
    const sock = new Sock(1 << 20);
    const device = new FakeDevice();
    const transmitter = new Transmitter(device, pool, new Turnstile(), () => {});
    const ends = { source: '192.0.2.1', sourcePort: 1, destination: '192.0.2.2', destinationPort: 2 };
    const flow = createFlow({ ...ends, mtu: 1500 });
    const payload = copied([new Uint8Array(4000)]);
    const truesize = datagramTruesize(flow, payload, device.features);
    const told: unknown[] = [];
    for (const throws of [false, true, false]) {
      sock.takeWmem(truesize);
      const skb = ipAppendData(sock, pool, flow, 5, payload, device.features, truesize);
      const settled = (_: Datagram, failure: Failure | null): void => {
        told.push(failure?.error ?? null);
        if (throws) throw new Error('not my day');
      };
      transmitter.submit(new Datagram(skb, 4000, { way: 'software-ufo', why: '' }, settled));
    }
    await transmitter.idle();
    assert.deepEqual(told.map(String), ['null', 'null', 'Error: not my day']);
    assert.deepEqual([pool.freePages, sock.wmemAlloc, transmitter.pending], [16, 0, 0]);
  });

  it('survives a device that throws, and settles everything', async () => {
    let calls = 0;
    const refuse = (): number => {
      calls += 1;
      if (calls === 8) throw new Error('no such memory');
      return 0;
    };
    const { outcomes, socket } = await sendAll(SIZES, { refuse, atOnce: 1 }, undefined, false);
    const messages = outcomes.map(({ error }) => error?.message ?? null);
    // The 8th row the device was asked for is in the third datagram; it and those behind it in its batch fail.
    assert.deepEqual(messages, [null, null, 'no such memory', 'no such memory', 'no such memory']);
    assert.equal((await socket.send(makePayload(50, 1, 9))).fragmentsSent, 1);
    await allPagesFree(socket);
    await socket.close();
  });

  it('gives up a device that has taken nothing for five seconds, once for all that waits', async () => {
    const device = new FakeDevice();
    const socket = await fakeSocket(device);
    const begin = performance.now();
    let later = 0;
    const clock = mock.method(performance, 'now', () => begin + later);
    try {
      device.full = true;
      const sends = Promise.allSettled([0, 1, 2].map((i) => socket.send(makePayload(30_000, 1, i))));
      await turns(3);
      later = 6_000;
      device.full = true;
      const wake = setInterval(() => {
        const { full } = device;
        device.open();
        device.full = full;
      }, 1);
      const results = await sends;
      clearInterval(wake);
      for (const result of results) {
        assert.equal(result.status, 'rejected');
        assert.equal((result.reason as UfoError).code, 'EAGAIN');
        assert.match((result.reason as UfoError).hint!, /nothing for 5 s/);
      }
      device.open();
      assert.equal((await socket.send(makePayload(100, 1, 1))).fragments, 1);
    } finally {
      clock.mock.restore();
    }
    await socket.close();
  });
});

/** Sends user pages of these sizes at once, waits for every outcome and for the pool to be whole again. */
async function sendAll(
  sizes: readonly number[],
  options: FakeOptions,
  afterwards?: (device: FakeDevice) => void,
  close = true,
): Promise<{ outcomes: Outcome[]; device: FakeDevice; socket: UfoSocket }> {
  const device = new FakeDevice(options);
  const socket = await fakeSocket(device, { poolPages: POOL });
  const sends: PagesSent[] = [];
  for (const [i, len] of sizes.entries()) {
    using pages = await socket.allocPages(len);
    pages.write(makePayload(len, 1, i));
    sends.push(socket.sendPages(pages));
  }
  const sent = await Promise.allSettled(sends.map((one) => one.sent));
  afterwards?.(device);
  const completed = await Promise.all(sends.map((one) => one.completed));
  const outcomes = sent.map((one, i): Outcome => {
    const { zerocopy } = completed[i]!;
    if (one.status === 'fulfilled') return { error: null, zerocopy, fragmentsSent: one.value.fragmentsSent };
    const error = one.reason as UfoError;
    return { error, zerocopy, fragmentsSent: error.partial?.fragmentsSent ?? -1 };
  });
  await allPagesFree(socket);
  if (close) await socket.close();
  return { outcomes, device, socket };
}

async function allPagesFree(socket: UfoSocket): Promise<void> {
  const pages = await Promise.all(Array.from({ length: POOL }, () => socket.allocPages(1)));
  for (const one of pages) one[Symbol.dispose]();
}
