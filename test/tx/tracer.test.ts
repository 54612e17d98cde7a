import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRNO } from '../../src/errors.js';
import { NETIF_F_HW_CSUM, NETIF_F_SG, NETIF_F_UFO } from '../../src/skb/features.js';
import { CHECKSUM_NONE } from '../../src/skb/skbuff.js';
import { Tracer } from '../../src/tx/tracer.js';
import { countingIdents } from '../../src/ufo/ident.js';
import { finishChecksum, sumOctets } from '../../src/wire/checksum.js';
import { FakeDevice, type FakeOptions, fakeSocket } from '../socket/fake-device.js';

async function trace(options: FakeOptions, type: 'udp4' | 'udp6', len: number, kind: 'copy' | 'pages' | 'foreign') {
  const lines: string[] = [];
  const tracer = new Tracer(new FakeDevice(options), (line) => lines.push(line));
  await using socket = await fakeSocket(tracer, { type, idents: countingIdents(0x4d2) });
  const payload = new Uint8Array(len);
  if (kind === 'pages') {
    using pages = await socket.allocPages(len);
    await socket.sendPages(pages).sent;
  } else await socket.send(payload, { zerocopy: kind === 'foreign' });
  return lines;
}

describe('the tracer', () => {
  it('shows fragments cut here, and the pages that they borrow', async () => {
    assert.deepEqual(await trace({ features: NETIF_F_SG }, 'udp4', 4000, 'pages'), [
      'fake0 (SG): skb of 4028 octets: head 28, frag 4000, copied for the tap; checksum partial, summed here; cut here, gsoSize 1480',
      '  row   0   1500  id 0x04d2  offset     0  len  1480  MF  head 28 | page 2 @0 +1472',
      '  row   1   1500  id 0x04d2  offset  1480  len  1480  MF  head 20 | page 2 @1472 +1480',
      '  row   2   1068  id 0x04d2  offset  2960  len  1048      head 20 | page 2 @2952 +1048',
      'fake0: took 3 rows',
    ]);
  });

  it('shows IPv6 fragments of a buffer sent by address', async () => {
    assert.deepEqual(await trace({ features: NETIF_F_SG }, 'udp6', 2000, 'foreign'), [
      'fake0 (SG): skb of 2048 octets: head 48, frag 2000, copied for the tap; checksum partial, summed here; cut here, gsoSize 1448',
      '  row   0   1496  id 0x000004d2  offset     0  len  1448  MF  head 56 | page 1 @0 +1440',
      '  row   1    608  id 0x000004d2  offset  1448  len   560      head 48 | page 1 @1440 +560',
      'fake0: took 2 rows',
    ]);
  });

  it('shows a datagram that the device cuts', async () => {
    const features = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_UFO;
    assert.deepEqual(await trace({ features }, 'udp4', 20_000, 'copy'), [
      'fake0 (SG HW_CSUM UFO): skb of 20028 octets: head 28, frags 4096 × 4 + 3616; checksum partial, the device sums; handed over whole, gsoSize 1480',
      '  row   0  20028  id 0x04d2  offset     0  len 20008      skb head @0 +28 | page 1 @0 +20000',
      'fake0: took 1 row',
    ]);
  });

  it('shows datagrams handed over joined, one that is alone among them, and whose call failed', async () => {
    const features = NETIF_F_SG | NETIF_F_HW_CSUM;
    const lines: string[] = [];
    const inner = Object.assign(new FakeDevice({ features, uso: null, zerocopy: false }), { syscall: 'one' });
    const tracer = new Tracer(inner, (line) => lines.push(line));
    await using socket = await fakeSocket(tracer, { type: 'udp4', idents: countingIdents(0x4d2) });
    await socket.sendMany([100, 100, 100, 200].map((len) => new Uint8Array(len)));
    const took = lines.filter((line) => line.startsWith('fake0 ('));
    assert.deepEqual(took, [
      'fake0 (SG HW_CSUM): skb of 328 octets: head 328; checksum partial, the device sums; 3 datagrams handed over joined, gsoSize 100',
      'fake0 (SG HW_CSUM): skb of 228 octets: head 228; checksum partial, the device sums; one packet',
    ]);
    inner.syscall = 'another';
    assert.equal(tracer.syscall, 'another');
  });

  it('shows refusals', async () => {
    let tries = 0;
    const refuse = (): number => (tries++ === 0 ? ERRNO.ENOBUFS : 0);
    assert.deepEqual(await trace({ features: 0, refuse }, 'udp6', 10, 'copy'), [
      'fake0 (no features): skb of 58 octets: head 58; checksum partial, summed here; one packet',
      'fake0: refused row 0 with ENOBUFS',
      '  row   0     58  no id  offset     0  len    18      skb head @0 +58',
      'fake0: took 1 row',
    ]);
  });

  it("keeps a clone as a packet tap does: user pages are copied for it, and it keeps the datagram's partial checksum", async () => {
    const inner = new FakeDevice({ features: NETIF_F_SG });
    const tracer = new Tracer(inner, () => {});
    await using socket = await fakeSocket(tracer, { type: 'udp4', idents: countingIdents(1) });
    using pages = await socket.allocPages(3000);
    pages.write(new Uint8Array(3000).fill(7));
    const { sent, completed } = socket.sendPages(pages);
    await sent;
    assert.deepEqual(await completed, { zerocopy: false });
    const [first, ...later] = inner.seen;
    assert.ok(first);
    assert.equal(first.ipSummed, CHECKSUM_NONE);
    assert.equal(later.length, 2);
    const datagram = Buffer.concat([first.frame.subarray(20), ...later.map(({ frame }) => frame.subarray(20))]);
    const pseudo = new Uint8Array([192, 0, 2, 1, 192, 0, 2, 2, 0, 17, datagram.length >> 8, datagram.length & 0xff]);
    assert.equal(finishChecksum(sumOctets(Buffer.concat([pseudo, datagram]))), 0);
  });

  it('gives every page back when nobody takes the datagram', async () => {
    const lines: string[] = [];
    const tracer = new Tracer(new FakeDevice({ features: 0, refuse: () => ERRNO.EPERM }), (line) => lines.push(line));
    await using socket = await fakeSocket(tracer, { type: 'udp4', poolPages: 8 });
    for (let i = 0; i < 20; i++) await assert.rejects(socket.send(new Uint8Array(9000)), { code: 'EPERM' });
    assert.equal(lines.filter((line) => line.includes('refused row 0 with EPERM')).length, 20);
  });

  it('says when there is no page for a clone, and passes the datagram on', async () => {
    const lines: string[] = [];
    const tracer = new Tracer(new FakeDevice({ features: NETIF_F_SG }), (line) => lines.push(line));
    await using socket = await fakeSocket(tracer, { type: 'udp4', poolPages: 4 });
    using pages = await socket.allocPages(3 * 4096);
    assert.equal((await socket.sendPages(pages).sent).fragments, 9);
    assert.equal(lines[0], 'fake0: no clone for the tap (ENOMEM)');
    assert.equal(lines.at(-1), 'fake0: took 9 rows');
  });
});
