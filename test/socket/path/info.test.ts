import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeDevice, fakeSocket } from '../fake-device.js';

describe('what a socket says of its path', () => {
  it('over IPv4 is what the headers of every datagram say, and how many packets there are', async () => {
    const options = { ttl: 9, tos: 0x2e, dontFragment: false, options: Uint8Array.of(0x94, 4, 0, 0) };
    await using socket = await fakeSocket(new FakeDevice({ mtu: 1500 }), options as never);
    const { packets, headers, ...rest } = await socket.path();
    const optionsLen = 4;
    assert.equal(headers.options, '94040000');
    assert.deepEqual([headers.ttl, headers.tos, headers.df, headers.checksum], [9, 0x2e, false, 'computed']);
    assert.deepEqual([rest.family, rest.source, rest.sourcePort], [4, '192.0.2.1', 1111]);
    assert.deepEqual([rest.destination, rest.destinationPort, rest.mtu], ['192.0.2.2', 9999, 1500]);
    assert.deepEqual([rest.headerLen, rest.chainLen, rest.maxPayloadLen], [20 + optionsLen, 0, 65_507 - optionsLen]);
    assert.deepEqual([packets(0), packets(1472 - optionsLen), packets(1473 - optionsLen)], [1, 1, 2]);
    assert.deepEqual(
      [rest.driver, rest.interface, rest.seenByCaptures, rest.notes],
      ['packet-socket', 'fake0', true, []],
    );
    assert.equal('flowLabel' in headers || 'vlan' in headers || 'extensionHeaders' in headers, false);
  });

  it('over IPv6 tells of extension headers, each where it stands', async () => {
    const extensionHeaders = [
      { type: 0, octets: Uint8Array.of(0, 0, 5, 2, 0, 0, 1, 0) },
      { type: 60, octets: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) },
    ];
    const options = { type: 'udp6', flowLabel: 5, extensionHeaders } as never;
    await using socket = await fakeSocket(new FakeDevice({ mtu: 1500 }), options);
    const { packets, headers, headerLen, chainLen, maxPayloadLen } = await socket.path();
    assert.deepEqual([headerLen, chainLen, maxPayloadLen], [48, 8, 65_527 - 16]);
    assert.equal(headers.extensionHeaders, '3c00050200000100' + '1100010400000000');
    assert.deepEqual([headers.flowLabel, headers.df, headers.options], [5, undefined, undefined]);
    assert.deepEqual([packets(1500 - 48 - 8 - 8), packets(1500 - 48 - 8 - 7)], [1, 2]);
  });
});

describe('sizes of buffers', () => {
  it('are numbers of octets, for what is sent and what is received', async () => {
    await using socket = await fakeSocket(new FakeDevice());
    for (const size of ['x', 0, -1, 1.5, undefined]) {
      assert.throws(() => socket.setSendBufferSize(size as never), { code: 'ERR_UFO_INVALID_ARGUMENT' });
      assert.throws(() => socket.setRecvBufferSize(size as never), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    }
    socket.setSendBufferSize(100_000);
    assert.equal(socket.getSendBufferSize(), 100_000);
  });
});
