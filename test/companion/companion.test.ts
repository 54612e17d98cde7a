import assert from 'node:assert/strict';
import { createSocket, Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { openCompanion } from '../../src/companion/companion.js';
import { parseControl } from '../../src/companion/error-queue.js';
import { getSockaddr, putSockaddr, type SocketEndpoint } from '../../src/host/sockaddr.js';

describe('companion', () => {
  for (const [family, loopback, mtu] of [
    [4, '127.0.0.1', 65_535],
    [6, '::1', 65_536],
  ] as const) {
    it(`IPv${family}: takes a port, receives on it and knows the path MTU`, async () => {
      await using companion = openCompanion({ family, port: 0 });
      const { port } = companion.address();
      assert.ok(port > 0);
      assert.equal((await companion.watchPath(loopback, 9))(), mtu);
      const sender = createSocket(family === 4 ? 'udp4' : 'udp6');
      sender.send(Buffer.alloc(60_000, 7), port, loopback);
      const [payload] = (await once(companion, 'message')) as [Buffer];
      sender.close();
      assert.deepEqual(payload, Buffer.alloc(60_000, 7));
    });
  }

  it('keeps its port when connected, connected elsewhere and disconnected', async () => {
    await using companion = openCompanion({ family: 4, port: 0 });
    const { port } = companion.address();
    assert.deepEqual(companion.address(), { address: '0.0.0.0', port });
    companion.connect('127.0.0.1', 9);
    assert.deepEqual(companion.address(), { address: '127.0.0.1', port });
    companion.connect('127.0.0.2', 9);
    companion.disconnect();
    assert.deepEqual(companion.address(), { address: '0.0.0.0', port });
    await companion.close();
    assert.equal(companion.address().port, port);
  });

  it('does not let another program share its port, and says who may have taken one', async () => {
    await using companion = openCompanion({ family: 4, port: 0 });
    const { port } = companion.address();
    assert.throws(() => openCompanion({ family: 4, port }), {
      code: 'EADDRINUSE',
      syscall: 'bind',
      port,
      hint: /ss -/,
    });
    const other = createSocket({ type: 'udp4', reuseAddr: true });
    other.bind(port);
    const [error] = (await once(other, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'EADDRINUSE');
    other.close();
  });

  it('leaves nothing open where Node does not take its socket', (test) => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    test.mock.method(Socket.prototype, 'bind', () => {
      throw new Error('not this one');
    });
    for (let times = 0; times < 3; times++) assert.throws(() => openCompanion({ family: 4, port: 0 }), /not this one/);
    assert.equal(open(), before);
  });

  it('takes an address that is not this host’s, and refuses what is none', async () => {
    await using companion = openCompanion({ family: 4, port: 0, address: '192.0.2.77' });
    assert.equal(companion.address().address, '192.0.2.77');
    assert.throws(() => openCompanion({ family: 4, port: 0, address: 'here' }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    assert.throws(() => openCompanion({ family: 4, port: 70_000 }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
  });
});

function encoded({ address, port, scopeId }: SocketEndpoint): Uint8Array {
  const octets = new Uint8Array(28);
  return octets.subarray(0, putSockaddr(new DataView(octets.buffer), 0, address, port, scopeId));
}

describe('socket addresses', () => {
  it('are laid out as <netinet/in.h> says, both ways', () => {
    const ipv4 = { address: Uint8Array.of(192, 0, 2, 1), port: 0x1234, scopeId: 0 };
    const octets4 = encoded(ipv4);
    assert.equal(Buffer.from(octets4).toString('hex'), '02001234c00002010000000000000000');
    assert.deepEqual(getSockaddr(octets4), ipv4);
    const ipv6 = {
      address: Uint8Array.of(0xfe, 0x80, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
      port: 9,
      scopeId: 3,
    };
    const octets6 = encoded(ipv6);
    assert.equal(Buffer.from(octets6).toString('hex'), '0a00000900000000fe8002030405060708090a0b0c0d0e0f03000000');
    assert.deepEqual(getSockaddr(octets6), ipv6);
  });

  it('of other families or cut short are none', () => {
    assert.equal(getSockaddr(new Uint8Array(28)), null);
    assert.equal(getSockaddr(encoded({ address: new Uint8Array(16), port: 1, scopeId: 0 }).subarray(0, 27)), null);
    assert.equal(getSockaddr(new Uint8Array(0)), null);
  });
});

describe('error queue', () => {
  const control = Buffer.from(
    '1c00000000000000' +
      '00000000' +
      '08000000' +
      'aabbccdd00000000' +
      '00000000' +
      '00000000' + // IP_TTL, of no interest
      '3000000000000000' +
      '00000000' +
      '0b000000' +
      '5a000000' +
      '02030400' +
      'dc050000' +
      '00000000' + // EMSGSIZE, 1500
      '02000000c0000202' +
      '0000000000000000',
    'hex',
  );

  it('finds the extended error among other control messages', () => {
    assert.deepEqual(parseControl(Uint8Array.from(control), null), {
      errno: 90,
      origin: 2,
      type: 3,
      code: 4,
      info: 1500,
      destination: null,
      offender: { address: Uint8Array.of(192, 0, 2, 2), port: 0, scopeId: 0 },
    });
  });

  it('finds none in what is cut short or garbled, and never throws', () => {
    for (let len = 0; len < control.length; len++) assert.equal(parseControl(control.subarray(0, len), null), null);
    for (let at = 0; at < control.length; at++) {
      const garbled = Buffer.from(control);
      garbled[at] = 0xff;
      parseControl(garbled, null);
    }
  });
});
