import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UfoError } from '../../../src/errors.js';
import { makePayload } from '../../../src/payload/generated.js';
import { GeneratedPayloads } from '../../../src/payload/sequence.js';
import { NETIF_F_HW_CSUM, NETIF_F_SG, NETIF_F_UFO } from '../../../src/skb/features.js';
import { countingIdents } from '../../../src/ufo/ident.js';
import { Verifier } from '../../../src/verify/verifier.js';
import { frame } from '../../verify/build.js';
import { FakeDevice, fakeSocket } from '../fake-device.js';

const ENDS = Array.from({ length: 7 }, (_, i) => ({ port: 1000 + i, sourcePort: 50 + (i % 3) }));
const COUNT = 100;

/** The frames of a hundred datagrams, by a stream over the flows or each by a stream of its own. */
async function frames(
  type: 'udp4' | 'udp6',
  features: number,
  size: number,
  source: 'generated' | 'iterable' | 'pushed',
) {
  const device = new FakeDevice({ zerocopy: false, features });
  await using socket = await fakeSocket(device, { type, idents: countingIdents(7) });
  const counts = new Float64Array(ENDS.length);
  const flows = { ends: ENDS, counts };
  const payloads = Array.from({ length: COUNT }, (_, i) => makePayload(size, 1, i));
  async function* slowly() {
    yield* payloads;
  }
  const of = { generated: new GeneratedPayloads({ size, count: COUNT }), iterable: payloads, pushed: slowly() }[source];
  await socket.sendMany(of, { flows });
  return { device, counts: [...counts] };
}

async function oneByOne(type: 'udp4' | 'udp6', features: number, size: number): Promise<FakeDevice> {
  const device = new FakeDevice({ zerocopy: false, features });
  await using socket = await fakeSocket(device, { type, idents: countingIdents(7) });
  for (let i = 0; i < COUNT; i++) {
    await socket.sendMany([makePayload(size, 1, i)], { flows: { ends: [ENDS[i % ENDS.length]!] } });
  }
  return device;
}

describe('flows of a stream', () => {
  for (const type of ['udp4', 'udp6'] as const) {
    for (const [what, features] of [
      ['no features', 0],
      ['SG', NETIF_F_SG],
      ['UFO', NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_UFO],
    ] as const) {
      // A whole one whose sum is known is complete, where others leave it to a device that can.
      for (const size of what === 'UFO' ? [1473, 9000] : [40, 1473, 9000]) {
        it(`have the headers of a stream of their own: ${type}, ${what}, ${size} octets`, async () => {
          const want = (await oneByOne(type, features, size)).seen.map(({ frame }) => Buffer.from(frame));
          for (const source of ['generated', 'iterable', 'pushed'] as const) {
            const { device, counts } = await frames(type, features, size, source);
            assert.equal(device.seen.length, want.length);
            for (const [i, { frame }] of device.seen.entries())
              assert.deepEqual(Buffer.from(frame), want[i], `${source} ${i}`);
            assert.deepEqual(counts, [15, 15, 14, 14, 14, 14, 14], source);
          }
        });
      }
    }
  }

  for (const type of ['udp4', 'udp6'] as const) {
    it(`have each its own headers where one datagram's octets serve the next: ${type}`, async () => {
      for (const size of [40, 3000]) {
        const device = new FakeDevice({ zerocopy: false, features: NETIF_F_SG });
        await using socket = await fakeSocket(device, { type });
        const count = 500; // more than are made at once
        await socket.sendMany(new GeneratedPayloads({ size, seed: 7, count }), { flows: { ends: ENDS } });
        assert.ok(new Set(device.seen.map(({ skb }) => skb)).size < count);
        const verifier = new Verifier({ hash: false, sightings: true });
        const verdicts = [...verifier.push(device.seen.map(({ frame: octets }) => frame(octets))), ...verifier.end()];
        assert.deepEqual(
          verdicts.map(({ verdict, udp, seen }) => [
            verdict,
            seen!.payload!.told!.sequence,
            udp!.sourcePort,
            udp!.destinationPort,
          ]),
          Array.from({ length: count }, (_, i) => {
            const { port, sourcePort } = ENDS[i % ENDS.length]!;
            return ['good', i, sourcePort, port];
          }),
        );
      }
    });
  }

  it('come as their order says', async () => {
    const device = new FakeDevice({ zerocopy: false, features: NETIF_F_SG });
    await using socket = await fakeSocket(device);
    const order = [3, 3, 0, 6, 1];
    await socket.sendMany(new GeneratedPayloads({ size: 40, count: 5 }), {
      flows: { ends: ENDS, of: (n) => order[n]! },
    });
    const ports = device.seen.map(({ frame }) => new DataView(frame.buffer, frame.byteOffset).getUint16(22));
    assert.deepEqual(
      ports,
      order.map((i) => 1000 + i),
    );
  });

  it('to one address have each its own port, that of the connection where they name none', async () => {
    for (const ports of [
      [1000, undefined, 1001],
      [undefined, 1000],
    ]) {
      const device = new FakeDevice({ zerocopy: false });
      await using socket = await fakeSocket(device);
      const ends = ports.map((port) => ({ address: '192.0.2.2', port }));
      await socket.sendMany(new GeneratedPayloads({ size: 40, count: ends.length }), { flows: { ends } });
      const went = device.seen.map(({ frame }) => new DataView(frame.buffer, frame.byteOffset).getUint16(22));
      assert.deepEqual(
        went,
        ports.map((port = 9999) => port),
      );
    }
  });

  it("go where the stream goes, as far as they don't say it themselves", async () => {
    const device = new FakeDevice({ zerocopy: false });
    await using socket = await fakeSocket(device);
    const [address, port] = ['192.0.2.7', 4000];
    const ends = [{}, { port: 9000 }, { address: '192.0.2.8' }, { address: '', sourcePort: 5 }];
    const counts = new Float64Array(ends.length);
    await socket.sendMany(['a', 'b', 'c', 'd'], { address, port, flows: { ends, counts } });
    const went = device.seen.map(({ frame }) => `${frame[19]}:${Buffer.from(frame).readUInt16BE(22)}`);
    assert.deepEqual(went, ['7:4000', '7:9000', '8:4000', '7:4000']);
    assert.deepEqual([...counts], [1, 1, 1, 1]);
  });

  it('end with an index that is none, and what had gone before is told', async () => {
    for (const pushed of [false, true]) {
      const device = new FakeDevice({ zerocopy: pushed });
      await using socket = await fakeSocket(device);
      const flows = { ends: ENDS, of: (n: number) => [3, 4, ENDS.length][n]! };
      await assert.rejects(socket.sendMany(['a', 'b', 'c'], { flows }), (error: UfoError) => {
        assert.deepEqual([error.argument, error.summary?.datagrams], ['flows.of', 2]);
        return error instanceof RangeError;
      });
      assert.equal(device.seen.length, 2);
    }
  });

  it('are refused for any port that is none', async () => {
    await using socket = await fakeSocket(new FakeDevice());
    for (const [end, says] of [
      [{ port: 0 }, /port: got 0, want a port, 1 … 65535/],
      [{ port: 65_536 }, /port: got 65536/],
      [{ sourcePort: -1 }, /sourcePort: got -1, want a port, 0 … 65535/],
      [{ sourcePort: 1.5 }, /sourcePort: got 1.5/],
    ] as const) {
      await assert.rejects(socket.sendMany([], { flows: { ends: [end, { port: 5 }] } }), says);
    }
  });

  it('are refused where nobody writes their sources, and where there are none', async () => {
    class Kernel extends FakeDevice {
      override readonly writesHeaders = false;
    }
    await using socket = await fakeSocket(new Kernel());
    await assert.rejects(socket.sendMany([], { flows: { ends: ENDS } }), /ordinary UDP socket/);
    await assert.rejects(socket.sendMany([], { flows: { ends: [] } }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    await socket.sendMany([new Uint8Array(5)], { flows: { ends: ENDS.map(({ port }) => ({ port })) } });
  });
});
