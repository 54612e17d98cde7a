import assert from 'node:assert/strict';
import { createSocket as createUdpSocket } from 'node:dgram';
import { once } from 'node:events';
import type { UfoError } from '../../src/errors.js';
import { createSocket } from '../../src/socket/socket.js';
import type { DriverName } from '../../src/tx/net-device.js';
import { payloadOf } from './hand-made.js';
import { describeLive, liveIt } from './in-lab.js';
import { ReflectingTun } from './tun.js';

/** Where datagrams come out of the kernel's own reassembly. */
async function receiverAt(address: string): Promise<Disposable & { port: number; next: () => Promise<Buffer> }> {
  const socket = createUdpSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
  socket.bind(0, address);
  await once(socket, 'listening');
  const next = async () => (await once(socket, 'message', { signal: AbortSignal.timeout(10_000) }))[0] as Buffer;
  return { port: socket.address().port, next, [Symbol.dispose]: () => void socket.close() };
}

describeLive('a link without an Ethernet header', () => {
  for (const driver of ['packet-socket', 'virtio-ufo', 'raw-socket', 'auto'] as const) {
    for (const family of [4, 6] as const) {
      liveIt(`${driver}, IPv${family}: the kernel takes every datagram as it was sent`, async () => {
        await using tun = await ReflectingTun.open('ufotun', 1400);
        const { own, other } = tun.addresses[family];
        using receiver = await receiverAt(own);
        await using socket = createSocket({ type: `udp${family}`, driver });
        socket.on('error', () => {});
        await socket.connect(receiver.port, other);
        for (const len of [0, 1, 1300, 1400, 8192, 65_000]) {
          const payload = payloadOf(len, len);
          const [got, result] = await Promise.all([receiver.next(), socket.send(payload)]);
          assert.ok(got.equals(payload), `${len} octets`);
          assert.equal(tun.lengths.splice(0).length, result.fragments);
        }
      });
    }
  }

  for (const driver of ['af-xdp', 'xdp-live'] satisfies DriverName[]) {
    liveIt(`${driver} refuses it, and says what does not`, async () => {
      await using tun = await ReflectingTun.open('ufotun', 1400);
      await using socket = createSocket({ type: 'udp4', driver });
      await assert.rejects(socket.connect(9, tun.addresses[4].other), (error: UfoError) => {
        assert.equal(error.code, 'ERR_UFO_UNSUPPORTED');
        assert.match(error.message, /ufotun has no Ethernet header \(a link of type none\)/);
        assert.match(error.hint ?? '', /packet-socket or virtio-ufo/);
        return true;
      });
    });
  }

  liveIt('takes no MAC and no VLAN tags', async () => {
    await using tun = await ReflectingTun.open('ufotun', 1400);
    const vlans = [{ tpid: 0x8100, tci: 5 }];
    await using socket = createSocket({ type: 'udp4', driver: 'packet-socket', vlans });
    await assert.rejects(socket.connect(9, tun.addresses[4].other), /vlans: .*none on ufotun/);
  });
});
