import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRNO } from '../../src/errors.js';
import { NETIF_F_HW_CSUM, NETIF_F_SG, NETIF_F_UFO } from '../../src/skb/features.js';
import { Tracer } from '../../src/tx/tracer.js';
import { countingIdents } from '../../src/ufo/ident.js';
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
      "fake0 (SG): skb of 4028 octets: head 28, frag 4000 of the user's pages; checksum complete; cut here, gsoSize 1480",
      '  row   0   1500  id 0x04d2  offset     0  len  1480  MF  head 28 | page 0 @0 +1472',
      '  row   1   1500  id 0x04d2  offset  1480  len  1480  MF  head 20 | page 0 @1472 +1480',
      '  row   2   1068  id 0x04d2  offset  2960  len  1048      head 20 | page 0 @2952 +1048',
      'fake0: took 3 rows',
    ]);
  });

  it('shows IPv6 fragments of a buffer sent by address', async () => {
    assert.deepEqual(await trace({ features: NETIF_F_SG }, 'udp6', 2000, 'foreign'), [
      "fake0 (SG): skb of 2048 octets: head 48, frag 2000 of the user's pages; checksum complete; cut here, gsoSize 1448",
      '  row   0   1496  id 0x000004d2  offset     0  len  1448  MF  head 56 | buffer @0 +1440',
      '  row   1    608  id 0x000004d2  offset  1448  len   560      head 48 | buffer @1440 +560',
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

  it('shows refusals', async () => {
    let tries = 0;
    const refuse = (): number => (tries++ === 0 ? ERRNO.ENOBUFS : 0);
    assert.deepEqual(await trace({ features: 0, refuse }, 'udp6', 10, 'copy'), [
      'fake0: refused row 0 with ENOBUFS',
      'fake0 (no features): skb of 58 octets: head 58; checksum complete; one packet',
      '  row   0     58  no id  offset     0  len    18      skb head @0 +58',
      'fake0: took 1 row',
    ]);
  });
});
