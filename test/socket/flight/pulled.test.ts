import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import { makePayload } from '../../../src/payload/generated.js';
import { GeneratedPayloads } from '../../../src/payload/sequence.js';
import { NETIF_F_HW_CSUM, NETIF_F_SG, NETIF_F_UFO } from '../../../src/skb/features.js';
import { StreamCounts } from '../../../src/socket/flight/counts.js';
import type { SendSummary } from '../../../src/socket/flight/datagram.js';
import { createPacer } from '../../../src/socket/pacing.js';
import type { Pages } from '../../../src/socket/pages.js';
import { Verifier } from '../../../src/verify/verifier.js';
import { addSums, sumOctets } from '../../../src/wire/checksum.js';
import type { Frame } from '../../../src/wire/frame.js';
import { LINKTYPE_RAW } from '../../../src/wire/link-layer.js';
import { FakeDevice, type FakeOptions, fakeSocket, turns } from '../fake-device.js';

type Stopped = Error & { readonly code?: string; readonly summary: SendSummary };

const UFO = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_UFO;
/** A device that is done with a row's octets when it has taken it, as all real ones are: streams to it are pulled. */
const copies = (options: FakeOptions = {}): FakeDevice => new FakeDevice({ zerocopy: false, ...options });
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Refuses one row, the `at`-th. */
function once(at: number, errno: number): (count: number) => number {
  let left = 1;
  return (count) => (count === at && left-- > 0 ? errno : 0);
}

/** The payloads that a device was given, cut ones reassembled, each judged to be right on the wire. */
function delivered({ seen }: FakeDevice): Buffer[] {
  const payloads: Buffer[] = [];
  const verifier = new Verifier();
  const frames = seen.map(({ frame }): Frame => {
    const len = frame.length;
    return { bytes: frame, offset: 0, caplen: len, len, linktype: LINKTYPE_RAW, seconds: 0, nanoseconds: 0 };
  });
  const verdicts = [...verifier.push(frames), ...verifier.end()];
  for (const { verdict, mismatches } of verdicts) assert.equal(verdict, 'good', mismatches.join('\n'));
  let parts: Buffer[] = [];
  for (const { frame } of seen) {
    const octets = Buffer.from(frame);
    const family4 = octets[0]! >>> 4 === 4;
    const cut = family4 ? (octets.readUInt16BE(6) & 0x3fff) !== 0 : octets[6] === 44;
    const more = cut && (family4 ? (octets.readUInt16BE(6) & 0x2000) !== 0 : (octets.readUInt16BE(42) & 1) !== 0);
    parts.push(octets.subarray(family4 ? 20 : cut ? 48 : 40));
    if (more) continue;
    payloads.push(Buffer.concat(parts).subarray(8));
    parts = [];
  }
  assert.equal(verdicts.length, payloads.length);
  return payloads;
}

describe('a stream that is pulled', () => {
  for (const type of ['udp4', 'udp6'] as const) {
    for (const [what, features] of [
      ['no features', 0],
      ['SG', NETIF_F_SG],
    ] as const) {
      for (const size of [0, 1, 15, 16, 17, 1451, 1472, 1473, 4000, 4097, 65_507]) {
        it(`sends right fragments of ${size} generated octets by ${type}, ${what}`, async () => {
          const device = copies({ features });
          await using socket = await fakeSocket(device, { type });
          const count = size > 4097 ? 30 : 150; // more than are made at once
          const summary = await socket.sendMany(new GeneratedPayloads({ size, seed: 5, first: 65_530, count }));
          const got = delivered(device);
          assert.deepEqual([summary.datagrams, summary.failed, summary.octets], [count, 0, count * size]);
          assert.equal(summary.fragments, device.taken);
          for (const i of upTo(count)) assert.deepEqual(got[i], Buffer.from(makePayload(size, 5, 65_530 + i)), `${i}`);
        });
      }
    }

    for (const [what, size] of [
      ['of 17 … 9000 octets', [{ min: 17, max: 9000 }]],
      [
        'too short for a head among them',
        [
          { min: 0, max: 40 },
          { min: 3000, max: 3000 },
        ],
      ],
    ] as const) {
      it(`sends generated payloads ${what} by ${type}`, async () => {
        const device = copies({ features: NETIF_F_SG });
        await using socket = await fakeSocket(device, { type });
        const payloads = new GeneratedPayloads({ size, seed: 5, count: 150 });
        await socket.sendMany(payloads);
        const got = delivered(device);
        assert.equal(got.length, 150);
        for (const i of upTo(150)) assert.deepEqual(got[i], Buffer.from(makePayload(payloads.sizeOf(i), 5, i)), `${i}`);
      });
    }

    for (const features of [0, NETIF_F_SG]) {
      it(`sends payloads that say when they were sent by ${type}, ${features === 0 ? 'made' : 'stamped'}`, async () => {
        const device = copies({ features });
        await using socket = await fakeSocket(device, { type });
        let now = 1_800_000_000_000;
        const ready = (): undefined => {
          now += 7; // the time goes on while each waits for its turn
        };
        const size = [{ min: 17, max: 3000 }];
        const payloads = new GeneratedPayloads({ size, seed: 5, count: 100, clock: () => now });
        await socket.sendMany(payloads, { pacer: { ready } });
        const got = delivered(device);
        for (const i of upTo(100)) {
          const want = makePayload(payloads.sizeOf(i), 5, i, 1_800_000_000_000 + 7 * (i + 1));
          assert.deepEqual(got[i], Buffer.from(want), `${i}`);
        }
      });
    }

    it(`hands ${type} datagrams over whole, with the pseudo-header's sum, to a device that cuts`, async () => {
      const device = copies({ features: UFO });
      await using socket = await fakeSocket(device, { type });
      await socket.sendMany(new GeneratedPayloads({ size: 9000, seed: 5, count: 150 }));
      assert.equal(device.seen.length, 150);
      const headerLen = type === 'udp4' ? 20 : 40;
      device.seen.forEach(({ frame, gsoSize, ipSummed }, i) => {
        assert.deepEqual(Buffer.from(frame.subarray(headerLen + 8)), Buffer.from(makePayload(9000, 5, i)));
        assert.ok(gsoSize > 0 && ipSummed === 3);
        const pseudo = addSums(sumOctets(frame, type === 'udp4' ? 12 : 8, type === 'udp4' ? 8 : 32), 17 + 9008);
        assert.equal(new DataView(frame.buffer).getUint16(headerLen + 6), pseudo);
        if (type === 'udp4') assert.equal(sumOctets(frame, 0, 20), 0xffff, 'header checksum');
      });
      const idents = new Set(device.seen.map(({ frame }) => new DataView(frame.buffer).getUint16(4)));
      if (type === 'udp4') assert.equal(idents.size, 150);
    });
  }

  it('sends what is in the buffer when it is asked for, whatever its length, and uses the buffer again', async () => {
    const device = copies();
    await using socket = await fakeSocket(device);
    const lens = upTo(400).map((i) => (i * 977) % 9001);
    function* source(): Generator<Uint8Array> {
      const buffer = new Uint8Array(9001);
      for (const [i, len] of lens.entries()) {
        buffer.set(makePayload(len, 3, i));
        yield buffer.subarray(0, len);
      }
    }
    await socket.sendMany(source());
    assert.deepEqual(
      delivered(device),
      lens.map((len, i) => Buffer.from(makePayload(len, 3, i))),
    );
  });

  it('sends pages, which are free again when it is over, and refuses others', async () => {
    for (const features of [0, NETIF_F_SG]) {
      const device = copies({ features });
      await using socket = await fakeSocket(device);
      const all: Pages[] = [];
      for (let i = 0; i < 4; i++) {
        const pages = await socket.allocPages(5000 + i);
        pages.write(makePayload(5000 + i, 2, i));
        all.push(pages);
      }
      await socket.sendMany(upTo(100).map((i) => all[i % 4]!));
      assert.deepEqual(
        delivered(device),
        upTo(100).map((i) => Buffer.from(makePayload(5000 + (i % 4), 2, i % 4))),
      );
      for (const pages of all) pages[Symbol.dispose]();
      const { pool } = device.seen[0]!.skb;
      assert.equal(pool.freePages, pool.pages);
      await assert.rejects(socket.sendMany(all), { code: 'ERR_UFO_DISPOSED' });
    }
  });

  it('leaves nothing charged and no page behind, however it ends', async () => {
    const device = copies({ refuse: once(500, ERRNO.EMSGSIZE) });
    await using socket = await fakeSocket(device);
    const counts = new StreamCounts();
    const sent = socket.sendMany(new GeneratedPayloads({ size: 3000 }), { counts });
    await assert.rejects(sent, ({ code, summary }: Stopped) => {
      assert.equal(code, 'EMSGSIZE');
      assert.equal(counts.datagrams, summary.datagrams);
      assert.ok(summary.failed >= 1, 'failed');
      // of the datagram that failed two fragments had gone
      assert.ok(summary.datagrams >= 166 && summary.fragments >= 500, `${summary.datagrams}, ${summary.fragments}`);
      return true;
    });
    const { pool } = device.seen[0]!.skb;
    assert.equal(pool.freePages, pool.pages);
    const controller = new AbortController();
    const endless = socket.sendMany(new GeneratedPayloads({ size: 3000 }), { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 30);
    await assert.rejects(endless, /enough/);
    assert.equal(pool.freePages, pool.pages);
    const closed = socket.sendMany(new GeneratedPayloads({ size: 3000 }));
    await turns(3);
    await Promise.all([socket.close(), assert.rejects(closed, { code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' })]);
    assert.equal(pool.freePages, pool.pages);
  });

  it("ends with the source's own failure, and tells a source that it is over", async () => {
    const device = copies({ refuse: once(3, ERRNO.EPERM) });
    await using socket = await fakeSocket(device);
    let told = 0;
    function* source(): Generator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(5);
      } finally {
        told += 1;
      }
    }
    await assert.rejects(socket.sendMany(source()), { code: 'EPERM' });
    assert.equal(told, 1);
    function* broken(): Generator<Uint8Array> {
      yield new Uint8Array(5);
      throw new Error('no more data');
    }
    await assert.rejects(socket.sendMany(broken()), ({ message, summary }: Stopped) => {
      return message === 'no more data' && summary.datagrams === 1 && summary.failed === 0;
    });
    const tooLong = [new Uint8Array(5), new Uint8Array(65_508), new Uint8Array(5)];
    await assert.rejects(socket.sendMany(tooLong), ({ code, summary }: Stopped) => {
      assert.deepEqual([code, summary.datagrams, summary.failed], ['EMSGSIZE', 1, 1]);
      return true;
    });
  });

  it('lets others send beside it, within a budget of one datagram', async () => {
    const device = copies();
    await using socket = await fakeSocket(device, { sendBufferSize: 1, poolPages: 64 });
    const controller = new AbortController();
    const stream = socket.sendMany(new GeneratedPayloads({ size: 3000 }), { signal: controller.signal });
    for (let i = 0; i < 20; i++) assert.equal((await socket.send(new Uint8Array(100 + i))).octets, 100 + i);
    controller.abort(new Error('enough'));
    await assert.rejects(stream, /enough/);
    assert.equal(delivered(device).filter(({ length }) => length < 3000).length, 20);
  });

  it('gets along with a pool that holds few datagrams, and no table', async () => {
    const device = copies();
    await using socket = await fakeSocket(device, { poolPages: 5 });
    await socket.sendMany(new GeneratedPayloads({ size: 6000, seed: 8, count: 200 }));
    assert.deepEqual(
      delivered(device),
      upTo(200).map((i) => Buffer.from(makePayload(6000, 8, i))),
    );
    const held = await socket.allocPages(5 * 4096);
    await assert.rejects(socket.sendMany(new GeneratedPayloads({ size: 6000, count: 1 })), { code: 'ENOMEM' });
    held[Symbol.dispose]();
  });

  it('waits for a device that is full, and for its pacer', async () => {
    const device = copies();
    await using socket = await fakeSocket(device);
    device.full = true;
    const sent = socket.sendMany(new GeneratedPayloads({ size: 100, count: 300 }));
    await turns(5);
    assert.equal(device.taken, 0);
    device.open();
    assert.equal((await sent).datagrams, 300);
    const begin = performance.now();
    const pacer = createPacer({ gap: 10_000 });
    await socket.sendMany(new GeneratedPayloads({ size: 100, count: 8 }), { pacer });
    assert.ok(performance.now() - begin >= 7 * 9, `${performance.now() - begin} ms`);
    assert.equal(device.taken, 308);
  });

  it('tells its pacer of each datagram’s packets and their bits, IP headers included', async () => {
    await using socket = await fakeSocket(copies());
    const told: (readonly [number, number])[] = [];
    const pacer = {
      ready: (packets: number, bits: number) => {
        told.push([packets, bits]);
        return undefined;
      },
    };
    for (const size of [100, 1472, 1473]) {
      await socket.sendMany(new GeneratedPayloads({ size, count: 2 }), { pacer });
    }
    const want = [
      [1, 8 * 128],
      [1, 8 * 1500],
      [2, 8 * (1500 + 21)],
    ];
    assert.deepEqual(
      told,
      want.flatMap((one) => [one, one]),
    );
  });

  it('lets the event loop have its turn', async () => {
    const device = copies({ forgets: true });
    await using socket = await fakeSocket(device);
    const controller = new AbortController();
    const stream = socket.sendMany(new GeneratedPayloads({ size: 10 }), { signal: controller.signal });
    let beats = 0;
    const timer = setInterval(() => beats++, 5);
    setTimeout(() => controller.abort(new Error('enough')), 600);
    await assert.rejects(stream, /enough/);
    clearInterval(timer);
    assert.ok(beats >= 2, `${beats} beats`);
  });

  it('has each datagram told of where somebody listens', async () => {
    const device = copies();
    await using socket = await fakeSocket(device);
    const idents: (number | null)[] = [];
    const onDatagram = ({ ident }: { ident: number | null }): void => void idents.push(ident);
    await socket.sendMany(new GeneratedPayloads({ size: 3000, count: 200 }), { onDatagram });
    const seen = device.seen.filter((_, i) => i % 3 === 0).map(({ frame }) => new DataView(frame.buffer).getUint16(4));
    assert.deepEqual(idents, seen);
    assert.equal(new Set(idents).size, 200);
  });
});
