import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import { openPacketSocket } from '../../../src/tx/packet/packet-socket.js';
import { type FakeKernel, hex, NEAR0, newKernel } from '../fake-kernel.js';
import { batchOf, pushFrame, to4, to6 } from '../rows.js';

const [flow4, flow6] = [to4(), to6()];
const TUN = { ...NEAR0, mac: null, linkType: 'none', kind: 'tun' };
const NOTHING_LOST = { socket: 0, qdisc: 0, driver: 0, backlog: 0, neighbour: 0, unknown: 0 };

let kernel: FakeKernel;
beforeEach(() => {
  kernel = newKernel();
});

describe('a packet socket', () => {
  it('is a raw one of no protocol, bound to its interface, with a send buffer that passes the limit', async () => {
    const device = await openPacketSocket({ interface: NEAR0 });
    assert.deepEqual(kernel.sockets, ['17,524291,0']); // AF_PACKET, SOCK_RAW | SOCK_CLOEXEC
    assert.equal(kernel.bound.get(kernel.fd), '1100000007000000000000000000000000000000');
    assert.equal(kernel.option(kernel.fd, 1, 32), 4 << 20); // SO_SNDBUFFORCE: the kernel doubles it
    assert.equal(kernel.option(kernel.fd, 1, 7), undefined);
    assert.equal(kernel.option(kernel.fd, 263, 20), undefined);
    assert.deepEqual([device.mtu, device.seenByCaptures, device.ifindex, device.name], [1500, true, 7, 'near0']);
    await device.close();
    await device.close();
    assert.equal(kernel.open.size, 0);
  });

  it('takes the ordinary send buffer where the other is forbidden', async () => {
    kernel.fail('setsockopt', 'EPERM', { times: 1 });
    await openPacketSocket({ interface: NEAR0, sendBufferSize: 100_000 });
    assert.equal(kernel.option(kernel.fd, 1, 7), 50_000);
  });

  it('past the queueing discipline is unseen by captures', async () => {
    const device = await openPacketSocket({ interface: NEAR0, qdiscBypass: true });
    assert.equal(kernel.option(kernel.fd, 263, 20), 1); // SOL_PACKET, PACKET_QDISC_BYPASS
    assert.equal(device.seenByCaptures, false);
  });

  it('leaves nothing open where a step of opening it fails', async () => {
    for (const call of ['socket', 'bind', 'setsockopt']) {
      kernel = newKernel();
      kernel.fail(call, 'EPERM');
      await assert.rejects(openPacketSocket({ interface: NEAR0, qdiscBypass: true }), { code: 'EPERM' }, call);
      assert.equal(kernel.open.size, 0, call);
    }
    kernel = newKernel();
    kernel.fail('setsockopt', 'ENOPROTOOPT', { after: 1 }); // the send buffer is set, the bypass is not
    await assert.rejects(openPacketSocket({ interface: NEAR0, qdiscBypass: true }), { code: 'ENOPROTOOPT' });
    assert.equal(kernel.open.size, 0);
  });

  it('sends each row from where it lies, to the socket itself', async () => {
    const device = await openPacketSocket({ interface: NEAR0 });
    const batch = batchOf(flow4, flow6);
    const rows = [pushFrame(batch, 0, 42, 1000), pushFrame(batch, 1, 62, 0), pushFrame(batch, 0, 34, 1)];
    assert.equal(device.xmit(batch, 1), 2);
    assert.deepEqual(
      kernel.sent.map(({ octets, name }) => [hex(octets), name]),
      rows.slice(1).map((row) => [hex(row), '']),
    );
  });

  it('names the protocol of each packet where the link has no header', async () => {
    const device = await openPacketSocket({ interface: TUN });
    assert.deepEqual(kernel.sockets, ['17,524290,0']); // SOCK_DGRAM
    const batch = batchOf(flow4, flow6);
    for (const owner of [0, 1, 0]) pushFrame(batch, owner, 28, 10);
    assert.equal(device.xmit(batch, 0), 3);
    assert.deepEqual(
      kernel.sent.map(({ name }) => name),
      [0x0800, 0x86dd, 0x0800].map((type) => `1100${hex(Uint8Array.of(type >> 8, type & 255))}07${'0'.repeat(30)}`),
    );
  });

  it('tells what was taken, and what the kernel said of the first row', async () => {
    const device = await openPacketSocket({ interface: NEAR0 });
    const batch = batchOf(flow4);
    for (let row = 0; row < 5; row++) pushFrame(batch, 0, 42, 10);
    kernel.most = 3;
    assert.equal(device.xmit(batch, 0), 3);
    for (const [said, meant] of [
      ['EMSGSIZE', ERRNO.EMSGSIZE],
      ['EINTR', ERRNO.EAGAIN],
      ['ENXIO', ERRNO.ENODEV], // what a packet socket says once its interface is gone
      ['ENETDOWN', ERRNO.ENETDOWN],
    ] as const) {
      kernel.fail('sendmmsg', said);
      assert.equal(device.xmit(batch, 3), -meant, said);
    }
  });

  it('accounts for what it gave: what the interface did not count is lost, what was refused is not', async () => {
    const device = await openPacketSocket({ interface: NEAR0 });
    const batch = batchOf(flow4);
    for (let row = 0; row < 5; row++) pushFrame(batch, 0, 42, 10);
    assert.equal(device.xmit(batch, 0), 5);
    kernel.counted.packets = 5;
    assert.deepEqual(device.lost(), NOTHING_LOST);
    kernel.fail('sendmmsg', 'ENOBUFS', { times: 2 });
    assert.equal(device.xmit(batch, 0), -ERRNO.ENOBUFS);
    assert.equal(device.xmit(batch, 0), -ERRNO.ENOBUFS);
    kernel.counted.dropped = 2;
    assert.deepEqual(device.lost(), NOTHING_LOST);
    assert.equal(device.xmit(batch, 0), 5);
    assert.deepEqual(device.lost(), { ...NOTHING_LOST, unknown: 5 });
    kernel.counted = { packets: 6, errors: 1, dropped: 5, backlog: 0 };
    assert.deepEqual(device.lost(), { ...NOTHING_LOST, qdisc: 3, driver: 1 });
  });

  it('waits for the socket after EAGAIN, and pauses after ENOBUFS', async () => {
    const device = await openPacketSocket({ interface: NEAR0 });
    const batch = batchOf(flow4);
    pushFrame(batch, 0, 42, 10);
    let polls = 0;
    kernel.answers['poll'] = () => ++polls;
    kernel.fail('sendmmsg', 'EAGAIN', { times: 1 });
    device.xmit(batch, 0);
    await device.writable();
    assert.equal(polls, 1);
    kernel.fail('sendmmsg', 'ENOBUFS', { times: 1 });
    device.xmit(batch, 0);
    await device.writable();
    assert.equal(polls, 1);
    device.xmit(batch, 0);
    await device.writable();
    assert.equal(polls, 2);
  });
});
