import assert from 'node:assert/strict';
import { createSocket as createUdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { LAB } from '../../src/host/lab.js';
import type { SocketOptions } from '../../src/socket/options.js';
import { createSocket } from '../../src/socket/socket.js';
import { describeLive, liveIt } from './in-lab.js';

const { near } = LAB;
const PACKET_DRIVERS = ['packet-socket', 'virtio-ufo', 'af-xdp'] as const;

/** Sends 3,000 octets to an address of this host; what an ordinary socket there reads, and by which driver. */
async function sendTo(address: string, options: Partial<SocketOptions>): Promise<{ len: number; driver: string }> {
  const type = address.includes(':') ? 'udp6' : 'udp4';
  const receiver = createUdpSocket(type);
  receiver.bind(0, address);
  await once(receiver, 'listening');
  try {
    await using socket = createSocket({ type, ...options });
    const got = once(receiver, 'message', { signal: AbortSignal.timeout(5_000) });
    got.catch(() => undefined);
    await socket.connect(receiver.address().port, address);
    const { driver } = await socket.send(Buffer.alloc(3_000, 'x'));
    return { len: ((await got)[0] as Buffer).length, driver };
  } finally {
    receiver.close();
  }
}

describeLive("the host's own address", () => {
  for (const address of [near.ipv4, '127.0.0.1', near.ipv6, '::1']) {
    liveIt(`${address}: auto takes raw-socket, and it arrives`, async () => {
      assert.deepEqual(await sendTo(address, { driver: 'auto' }), { len: 3_000, driver: 'raw-socket' });
    });
  }

  liveIt('its link-local one, with its zone: auto, raw-socket and kernel-udp reach it', async () => {
    const own = networkInterfaces()[near.interface]!.find(({ address }) => address.startsWith('fe80:'))!;
    for (const driver of ['auto', 'raw-socket', 'kernel-udp'] as const) {
      const { len } = await sendTo(`${own.address}%${near.interface}`, { driver });
      assert.equal(len, 3_000, driver);
    }
  });

  for (const driver of PACKET_DRIVERS) {
    for (const address of [near.ipv6, '::1']) {
      liveIt(`${address}: ${driver} reaches it by lo`, async () => {
        assert.deepEqual(await sendTo(address, { driver }), { len: 3_000, driver });
      });
    }

    liveIt(`${driver} refuses IPv4, which the kernel would drop, and says what to set; then it arrives`, async () => {
      const lo = '/proc/sys/net/ipv4/conf/lo/';
      await assert.rejects(sendTo(near.ipv4, { driver }), {
        code: 'EHOSTUNREACH',
        message: /martian/,
        hint: /raw-socket or auto.*net\.ipv4\.conf\.lo\.accept_local=1$/,
      });
      await assert.rejects(sendTo('127.0.0.1', { driver }), {
        hint: /accept_local=1 net\.ipv4\.conf\.lo\.route_localnet=1$/,
      });
      try {
        writeFileSync(`${lo}accept_local`, '1');
        assert.deepEqual(await sendTo(near.ipv4, { driver }), { len: 3_000, driver });
        writeFileSync(`${lo}route_localnet`, '1');
        assert.deepEqual(await sendTo('127.0.0.1', { driver }), { len: 3_000, driver });
      } finally {
        writeFileSync(`${lo}accept_local`, '0');
        writeFileSync(`${lo}route_localnet`, '0');
      }
    });
  }
});
