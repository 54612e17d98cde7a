import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PagePool } from '../../../src/memory/page-pool.js';
import { UserMemory } from '../../../src/memory/user-memory.js';
import { createFlow } from '../../../src/skb/flow.js';
import { Sock } from '../../../src/skb/sock.js';
import { Datagram } from '../../../src/socket/flight/datagram.js';
import { Turnstile } from '../../../src/socket/flight/turnstile.js';
import { chooseWay } from '../../../src/socket/flight/way.js';
import { Channel } from '../../../src/socket/path/channel.js';
import { copied, datagramTruesize, ipAppendData } from '../../../src/ufo/append-data.js';
import { FakeDevice, turns } from '../fake-device.js';

it('two channels over one memory keep their batches apart, however they wait', async () => {
  const pool = new PagePool(new UserMemory({ pages: 256 }));
  const sock = new Sock(1 << 20);
  const turnstile = new Turnstile();
  const devices = [new FakeDevice({ atOnce: 3 }), new FakeDevice({ atOnce: 5 })] as const;
  const channels = devices.map((device) => new Channel(device, pool, turnstile));
  const send = (index: 0 | 1, fill: number): Promise<unknown> => {
    const device = devices[index];
    const flow = createFlow({
      ...{ source: '192.0.2.1', sourcePort: 1, destination: `192.0.2.${index + 2}`, destinationPort: 9, mtu: 1500 },
    });
    const payload = copied([Buffer.alloc(30_000, fill)]);
    const truesize = datagramTruesize(flow, payload, device.features);
    assert.ok(sock.tryWmem(truesize));
    const skb = ipAppendData(sock, pool, flow, fill, payload, device.features, truesize);
    return new Promise((resolve) => {
      const datagram = new Datagram(skb, payload.len, chooseWay(device, skb, false), (_, failure) => resolve(failure));
      channels[index]!.transmitter.submit(datagram);
    });
  };
  devices[0].full = true; // in the middle of its batch while the other one wants to fill the table
  const sent = [send(0, 11), send(1, 22), send(0, 33), send(1, 44)];
  await turns(3);
  devices[0].open();
  assert.deepEqual(await Promise.all(sent), [null, null, null, null]);
  for (const [index, fills] of [
    [11, 33],
    [22, 44],
  ].entries()) {
    const { seen } = devices[index]!;
    assert.equal(seen.length, 2 * 21);
    seen.forEach(({ frame }, row) => {
      const fill = fills[row < 21 ? 0 : 1]!;
      assert.equal(frame[19], index + 2, `destination of row ${row}`);
      assert.equal(frame[5], fill, `ident of row ${row}`);
      assert.ok(
        frame.subarray(28).every((octet) => octet === fill),
        `payload of row ${row}`,
      );
    });
  }
  assert.deepEqual([pool.freePages, sock.wmemAlloc], [256, 0]);
});
