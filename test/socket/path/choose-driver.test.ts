import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SocketOptions } from '../../../src/socket/options.js';
import { candidates } from '../../../src/socket/path/choose-driver.js';
import { countingIdents } from '../../../src/ufo/ident.js';

const first = (options: Partial<SocketOptions>, family: 4 | 6 = 4): string | undefined =>
  candidates({ type: family === 4 ? 'udp4' : 'udp6', ...options }, family).find(({ refusal }) => refusal === null)
    ?.driver;

describe('choice of the driver', () => {
  it('hands datagrams over whole where the kernel cuts as asked', () => {
    assert.equal(first({}), 'virtio-ufo');
    assert.equal(first({}, 6), 'virtio-ufo');
    assert.equal(first({ idents: countingIdents(1) }), 'virtio-ufo');
    assert.equal(first({ options: Uint8Array.of(1, 1, 1, 1) }), 'virtio-ufo');
  });

  it('cuts itself where the kernel would not', () => {
    assert.equal(first({ idents: countingIdents(1) }, 6), 'af-xdp');
    assert.equal(first({ options: Uint8Array.of(7, 3, 4, 0) }), 'af-xdp');
    assert.equal(first({ extensionHeaders: [{ type: 60, octets: new Uint8Array(8) }] }, 6), 'af-xdp');
    assert.equal(first({ checksum: false }), 'af-xdp');
  });

  it('takes a packet socket where AF_XDP cannot be seen', () => {
    assert.equal(first({ checksum: false, visible: true }), 'packet-socket');
  });

  it('says of every driver passed over why', () => {
    for (const { driver, refusal } of candidates(
      { type: 'udp4', checksum: false, visible: true, vlans: [{ tpid: 0x8100, tci: 5 }] },
      4,
    )) {
      if (driver === 'packet-socket') assert.equal(refusal, null);
      else assert.ok(refusal!.length > 10, driver);
    }
  });

  it('takes raw-socket for this very host, and says why no other', () => {
    const all = candidates({ type: 'udp4' }, 4, true);
    assert.equal(all.find(({ refusal }) => refusal === null)?.driver, 'raw-socket');
    for (const { driver, refusal } of all.slice(0, 3)) assert.match(refusal ?? '', /martian/, driver);
  });
});
