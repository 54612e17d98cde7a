import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePayload } from '../../../src/payload/generated.js';
import type { SendSummary } from '../../../src/socket/flight/datagram.js';
import { FakeDevice, fakeSocket } from '../fake-device.js';

type Stopped = Error & { readonly code?: string; readonly summary: SendSummary };

describe('sendMany', () => {
  it('sends octets and pages, which may be given back as soon as the next is asked for', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device, { poolPages: 12 });
    async function* source(): AsyncGenerator<Uint8Array | Awaited<ReturnType<typeof socket.allocPages>>> {
      for (let i = 0; i < 60; i++) {
        if (i % 2 === 0) yield makePayload(900, 1, i);
        else {
          using pages = await socket.allocPages(900);
          pages.write(makePayload(900, 1, i));
          yield pages;
        }
      }
    }
    const results: number[] = [];
    const summary = await socket.sendMany(source(), { onDatagram: ({ octets }) => results.push(octets) });
    assert.deepEqual([summary.datagrams, summary.fragments, summary.octets, summary.failed], [60, 60, 54_000, 0]);
    assert.equal(results.length, 60);
    assert.ok(device.seen.every(({ frame }, i) => Buffer.from(frame.subarray(28)).equals(makePayload(900, 1, i))));
  });

  it('waits for the pages that an item needs, where others hold them', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device, { poolPages: 8, sendBufferSize: 1 << 20 });
    const held = await socket.allocPages(6 * 4096);
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 60; i++) yield makePayload(900, 1, i);
    }
    const { datagrams, failed } = await socket.sendMany(source());
    held[Symbol.dispose]();
    assert.deepEqual([datagrams, failed], [60, 0]);
    assert.ok(device.seen.every(({ frame }, i) => Buffer.from(frame.subarray(28)).equals(makePayload(900, 1, i))));
  });

  it('stops at the first failure, and says how far it came', async () => {
    const device = new FakeDevice({ refuse: (count) => (count === 30 ? 90 : 0) });
    await using socket = await fakeSocket(device, { sendBufferSize: 8_192 });
    const many = socket.sendMany(Array.from({ length: 500 }, (_, i) => makePayload(900, 1, i)));
    await assert.rejects(many, ({ code, summary }: Stopped) => {
      assert.equal(code, 'EMSGSIZE');
      assert.equal(summary.datagrams, 30);
      assert.ok(summary.failed >= 1 && summary.failed < 5);
      return true;
    });
  });

  it("ends with the source's own failure, or the callback's, and the socket goes on", async () => {
    await using socket = await fakeSocket(new FakeDevice());
    function* source(): Generator<Uint8Array> {
      yield new Uint8Array(5);
      throw new Error('no more data');
    }
    await assert.rejects(socket.sendMany(source()), ({ message, summary }: Stopped) => {
      return message === 'no more data' && summary.datagrams === 1 && summary.failed === 0;
    });
    const onDatagram = (): void => {
      throw new Error('my mistake');
    };
    await assert.rejects(socket.sendMany([new Uint8Array(1)], { onDatagram }), /my mistake/);
    assert.equal((await socket.send(new Uint8Array(3))).octets, 3);
  });

  it('does not wait for what others send', async () => {
    const device = new FakeDevice({ atOnce: 1 });
    await using socket = await fakeSocket(device);
    let stop = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      while (!stop) yield new Uint8Array(100);
    }
    const other = socket.sendMany(endless());
    const { datagrams } = await socket.sendMany([new Uint8Array(1), new Uint8Array(2)]);
    assert.equal(datagrams, 2);
    stop = true;
    await other;
  });
});
