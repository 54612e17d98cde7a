import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createIdentSource } from '../../src/ufo/ident.js';
import { segment } from '../../src/ufo/segment-datagram.js';
import * as ipv4 from '../../src/wire/ipv4.js';

const WAY = {
  source: { address: '192.0.2.1', port: 1111 },
  destination: { address: '192.0.2.2', port: 9999 },
} as const;

/** Senders side by side. */
const COUNT = 0xffff;

describe('every ident', () => {
  it('of IPv4 has its right header checksum in each fragment', () => {
    const payload = new Uint8Array(60);
    // Of the second one's header the other words add up to nearly 0xffff: with some idents it takes two carries.
    for (const address of ['192.0.2.2', '192.0.247.236']) {
      const way = { ...WAY, destination: { address, port: 9999 } };
      for (let ident = 1; ident <= 0xffff; ident++) {
        for (const { bytes } of segment({ ...way, payload, mtu: 68, ident })) {
          if (!ipv4.verifyChecksum(new DataView(bytes.buffer), 0)) assert.fail(`wrong with ident ${ident}`);
        }
      }
    }
  });

  it('of IPv6 is another than 0, also where the counter comes to the one that becomes 0', () => {
    const keys = Uint16Array.of(1, 2, 3, 4, 5, 6);
    // Keys by which a sender of many begins with it.
    for (let tried = 1; becomingZero(keys) >= COUNT; tried++) keys.set([tried, tried >>> 16]);
    const source = createIdentSource({ index: becomingZero(keys), count: COUNT }, keys);
    const drawn = [source.next6(), source.next6()];
    assert.ok(!drawn.includes(0) && drawn[0] !== drawn[1], `${drawn}`);
  });
});

describe('a datagram cut without a device', () => {
  it('leaves nothing behind, however often', () => {
    for (let times = 0; times < 200; times++) {
      const frames = [...segment({ ...WAY, payload: new Uint8Array(65_507) })];
      assert.equal(frames.length, 45);
    }
  });

  it('over IPv6 is cut whatever DF says, which that has not', () => {
    const way = { source: { address: '2001:db8::1', port: 1 }, destination: { address: '2001:db8::2', port: 2 } };
    const payload = new Uint8Array(3000);
    assert.equal([...segment({ ...way, payload, dontFragment: true })].length, 3);
    assert.throws(() => segment({ ...WAY, payload, dontFragment: true }), { code: 'EMSGSIZE' });
  });
});

/** What a balanced Feistel network of six rounds with these keys takes to 0: the rounds backwards. */
function becomingZero(keys: Uint16Array): number {
  let [left, right] = [0, 0];
  for (const key of [...keys].reverse()) {
    const mixed = Math.imul(left ^ key, 0x9e37_79b1);
    [left, right] = [right ^ ((mixed >>> 15) & 0xffff), left];
  }
  return ((left << 16) | right) >>> 0;
}
