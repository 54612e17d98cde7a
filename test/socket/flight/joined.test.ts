import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import { makePayload } from '../../../src/payload/generated.js';
import { GeneratedPayloads } from '../../../src/payload/sequence.js';
import { NETIF_F_HW_CSUM, NETIF_F_SG } from '../../../src/skb/features.js';
import { SKB_GSO_UDP_L4 } from '../../../src/skb/shared-info.js';
import type { SendResult, SendSummary } from '../../../src/socket/flight/datagram.js';
import type { Pacer } from '../../../src/socket/options.js';
import { addSums, sumOctets } from '../../../src/wire/checksum.js';
import { FakeDevice, type FakeOptions, fakeSocket } from '../fake-device.js';

type Stopped = Error & { readonly code?: string; readonly summary: SendSummary };

/** An ordinary UDP socket, and a device that takes joined datagrams whole. */
const payloadRows = (options: FakeOptions = {}): FakeDevice =>
  new FakeDevice({ zerocopy: false, payloads: true, uso: null, ...options });
const wholes = (options: FakeOptions = {}): FakeDevice =>
  new FakeDevice({ zerocopy: false, uso: null, features: NETIF_F_SG | NETIF_F_HW_CSUM, ...options });
const generated = (count: number, size = 1000): Buffer[] =>
  Array.from({ length: count }, (_, i) => Buffer.from(makePayload(size, 7, i)));
const framesOf = ({ seen }: FakeDevice): Buffer[] => seen.map(({ frame }) => Buffer.from(frame));

describe('datagrams that are joined', () => {
  for (const size of [1, 16, 17, 999, 1001, 1452]) {
    it(`reach a UDP socket each as a row of its own: ${size} octets`, async () => {
      const device = payloadRows();
      await using socket = await fakeSocket(device);
      const summary = await socket.sendMany(new GeneratedPayloads({ size, seed: 7, count: 300 }));
      assert.deepEqual(framesOf(device), generated(300, size));
      const { datagrams, fragments, octets, failed, ways } = summary;
      assert.deepEqual([datagrams, fragments, octets, failed], [300, 300, 300 * size, 0]);
      assert.deepEqual(
        ways.map(({ way }) => way),
        ['kernel-uso'],
      );
      const skbs = new Set(device.seen.map(({ skb }) => skb));
      assert.ok(skbs.size <= 4, `${skbs.size} skbs for all of them`);
    });
  }

  for (const type of ['udp4', 'udp6'] as const) {
    it(`are one packet for a device that takes them whole, with idents that count on: ${type}`, async () => {
      const device = wholes();
      await using socket = await fakeSocket(device, { type, idents: 65_500 });
      const told: SendResult[] = [];
      const onDatagram = (result: SendResult): void => void told.push(result);
      await socket.sendMany(new GeneratedPayloads({ size: 1001, seed: 7, count: 300 }), { onDatagram });
      const ipLen = type === 'udp4' ? 20 : 40;
      const idents: number[] = [];
      const payloads: Buffer[] = [];
      for (const { frame, gsoSize, gsoType } of device.seen) {
        const octets = Buffer.from(frame);
        const total = type === 'udp4' ? octets.readUInt16BE(2) : 40 + octets.readUInt16BE(4);
        assert.deepEqual([total, octets.readUInt16BE(ipLen + 4)], [octets.length, octets.length - ipLen]);
        const addresses = sumOctets(octets, type === 'udp4' ? 12 : 8, type === 'udp4' ? 8 : 32);
        const pseudo = addSums(addSums(addresses, 17), octets.length - ipLen);
        assert.equal(octets.readUInt16BE(ipLen + 6), pseudo, 'the pseudo-header of all of it');
        if (type === 'udp4') assert.equal(sumOctets(octets, 0, 20), 0xffff);
        const joined = Math.ceil((octets.length - ipLen - 8) / 1001);
        if (joined > 1) assert.deepEqual([gsoSize, gsoType], [1001, SKB_GSO_UDP_L4]);
        else assert.equal(gsoType, 0);
        for (let i = 0; i < joined; i++) {
          idents.push(octets.readUInt16BE(4) + i);
          payloads.push(octets.subarray(ipLen + 8 + i * 1001, ipLen + 8 + (i + 1) * 1001));
        }
      }
      assert.deepEqual(payloads, generated(300, 1001));
      const wanted = Array.from({ length: 300 }, (_, i) => (65_500 + i > 65_535 ? i - 35 : 65_500 + i));
      if (type === 'udp4') assert.deepEqual(idents, wanted, 'never 0, never the same');
      assert.deepEqual(
        told.map(({ ident, octets, fragments, fragmentsSent }) => [ident, octets, fragments, fragmentsSent]),
        wanted.map((ident) => [type === 'udp4' ? ident : null, 1001, 1, 1]),
      );
    });
  }

  it('carry what was in the buffers when they were asked for, a shorter one at the end of each run', async () => {
    const lengths = [900, 900, 900, 100, 1400, 0, 20, 20, 2000];
    const wanted = Array.from({ length: 180 }, (_, i) => Buffer.from(makePayload(lengths[i % 9]!, 5, i)));
    for (const make of [payloadRows, () => payloadRows({ atOnce: 5 })]) {
      const device = make();
      await using socket = await fakeSocket(device);
      const buffer = Buffer.alloc(2000);
      function* source(): Generator<Uint8Array> {
        for (const octets of wanted) yield buffer.subarray(0, octets.copy(buffer));
      }
      await socket.sendMany(source());
      assert.deepEqual(framesOf(device), wanted);
    }
  });

  it('are not, where nothing like it follows, lengths or idents: each is a datagram by itself', async () => {
    const lengths = payloadRows();
    await using one = await fakeSocket(lengths);
    const growing = Array.from({ length: 100 }, (_, i) => Buffer.alloc(100 + i, i));
    const { ways } = await one.sendMany(growing);
    assert.deepEqual(framesOf(lengths), growing);
    assert.match(ways.at(-1)!.why, /one by one, for lengths or identifications do not follow each other/);
    const idents = wholes();
    let next = 1;
    const take = (): number => {
      next += 2;
      return next;
    };
    await using other = await fakeSocket(idents, { idents: { next4: take, next6: take } });
    await other.sendMany(new GeneratedPayloads({ size: 100, seed: 7, count: 100 }));
    assert.deepEqual(
      framesOf(idents).map((frame) => frame.readUInt16BE(4)),
      Array.from({ length: 100 }, (_, i) => 3 + 2 * i),
    );
  });

  it('do not wait for each other: one that its pacer holds back comes later', async () => {
    const device = payloadRows();
    await using socket = await fakeSocket(device);
    let asked = 0;
    const pacer: Pacer = {
      ready: () => (++asked % 3 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined),
    };
    await socket.sendMany(new GeneratedPayloads({ size: 1000, seed: 7, count: 12 }), { pacer });
    assert.equal(asked, 12);
    assert.deepEqual(framesOf(device), generated(12));
    const runs = device.seen.map(({ gsoType }) => gsoType);
    assert.ok(runs.includes(SKB_GSO_UDP_L4), 'those that could go together went together');
  });

  for (const { size, mtu, refused, what } of [
    { size: 1000, mtu: 1500, refused: 70, what: 'many' },
    { size: 32_733, mtu: 65_535, refused: 3, what: 'two' },
  ]) {
    it(`are counted one by one where the socket takes some of ${what} and then no more`, async () => {
      let left = 1;
      const device = payloadRows({ mtu, refuse: (count) => (count === refused && left-- > 0 ? ERRNO.EPERM : 0) });
      await using socket = await fakeSocket(device);
      const [sent, stopped]: SendResult[][] = [[], []];
      const counts = new Float64Array(1);
      const sending = socket.sendMany(new GeneratedPayloads({ size, seed: 7, count: 500 }), {
        onDatagram: (result) => sent!.push(result),
        onStopped: (result) => stopped!.push(result),
        flows: { ends: [{ port: 9999 }], counts },
      });
      await assert.rejects(sending, ({ code, message, summary }: Stopped) => {
        assert.deepEqual([...counts], [device.taken], 'by flow, too');
        assert.equal(code, 'EPERM');
        assert.match(message, new RegExp(`0 of 1 fragments had gone; the next one has ${size} octets`));
        const { datagrams, failed, fragments, octets } = summary;
        assert.deepEqual([datagrams, fragments, octets], [device.taken, device.taken, size * device.taken]);
        assert.deepEqual([sent!.length, stopped!.length], [datagrams, failed]);
        assert.ok(failed >= 1 && stopped!.every(({ fragmentsSent }) => fragmentsSent === 0));
        return true;
      });
      const { pool } = device.seen[0]!.skb;
      assert.equal(pool.freePages, pool.pages);
    });
  }

  it('go before the failure that ends their source, and leave no page behind', async () => {
    const device = payloadRows({ atOnce: 7 });
    await using socket = await fakeSocket(device);
    function* broken(): Generator<Uint8Array> {
      yield* generated(130);
      throw new Error('no more data');
    }
    await assert.rejects(socket.sendMany(broken()), ({ message, summary }: Stopped) => {
      return message === 'no more data' && summary.datagrams === 130 && summary.failed === 0;
    });
    assert.deepEqual(framesOf(device), generated(130));
    const { pool } = device.seen[0]!.skb;
    assert.equal(pool.freePages, pool.pages);
  });

  it('go on being joined where single ones come in between, and not where no packet holds two', async () => {
    const device = payloadRows();
    await using socket = await fakeSocket(device);
    const lengths = [50, ...Array<number>(64).fill(100)];
    const rounds = Array.from({ length: 20 }, () => lengths.map((len) => Buffer.alloc(len))).flat();
    await socket.sendMany(rounds);
    const last = device.seen.slice(-64);
    assert.ok(last.every(({ gsoType }) => gsoType === SKB_GSO_UDP_L4));
    for (const [size, way] of [
      [32_733, /^kernel-uso/],
      [32_734, /one by one, for no packet holds two of them/],
    ] as const) {
      const wide = payloadRows({ mtu: 65_535 });
      await using other = await fakeSocket(wide);
      const { ways } = await other.sendMany(new GeneratedPayloads({ size, seed: 7, count: 5 }));
      assert.match(`${ways[0]!.way} ${ways[0]!.why}`, way);
      assert.deepEqual(framesOf(wide), generated(5, size));
    }
  });

  it('go one by one through a pool whose free pages lie here and there', async () => {
    const device = payloadRows({ mtu: 9000 });
    let asked = 0;
    const usoRefusal = (): null => {
      assert.ok(++asked < 1000, 'nobody comes to an end');
      return null;
    };
    await using socket = await fakeSocket(Object.assign(device, { usoRefusal }), { poolPages: 40 });
    const held = await Promise.all(Array.from({ length: 40 }, () => socket.allocPages(4096)));
    for (const pages of held.filter((_, i) => i % 2 === 0)) pages[Symbol.dispose]();
    const { ways } = await socket.sendMany(generated(30, 8000));
    assert.deepEqual(framesOf(device), generated(30, 8000));
    assert.match(ways[0]!.why, /one by one, for the pool has no room to put them together/);
    for (const pages of held) pages[Symbol.dispose]();
  });

  for (const poolPages of [1, 2, 5, 40]) {
    it(`are fewer at a time in a pool of ${poolPages} pages, or where others hold most of it`, async () => {
      const device = payloadRows();
      await using socket = await fakeSocket(device, { poolPages });
      await socket.sendMany(generated(150));
      assert.deepEqual(framesOf(device), generated(150));
      if (poolPages < 5) return;
      const held = await Promise.all(Array.from({ length: poolPages - 1 }, () => socket.allocPages(4096)));
      await socket.sendMany(generated(20));
      for (const pages of held) pages[Symbol.dispose]();
      assert.equal(device.taken, 170);
    });
  }
});
