import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFlow } from '../../../src/skb/flow.js';
import type { Channel } from '../../../src/socket/path/channel.js';
import { Peer } from '../../../src/socket/path/peer.js';
import { segment } from '../../../src/ufo/segment-datagram.js';
import { WAYS } from '../../faults/cut.js';

const LINK = Uint8Array.from(Buffer.from('0200000000020200000000010800', 'hex'));

function peerOf(family: 4 | 6, mtu: number, now = { pathMtu: () => Number.POSITIVE_INFINITY, ttl: () => 64 }): Peer {
  const { source, destination } = WAYS[family];
  const ends = { source: source.address, sourcePort: 1, destination: destination.address, destinationPort: 2 };
  const flow = createFlow({ ...ends, mtu, linkHeader: LINK });
  return new Peer({ mtu: 65_536 } as Channel, ends.destination, flow, now);
}

describe('the packets that a payload makes', () => {
  for (const family of [4, 6] as const) {
    it(`are told beforehand as they come out, with their octets, over IPv${family}`, () => {
      for (const mtu of [1280, 1500]) {
        const peer = peerOf(family, mtu);
        const most = mtu - (family === 4 ? 28 : 48);
        for (const len of [0, 1, most - 1, most, most + 1, 2 * most, 9000, 65_507]) {
          const frames = [...segment({ ...WAYS[family], payload: new Uint8Array(len), mtu })];
          const octets = frames.reduce((sum, { len: one }) => sum + one, 0);
          assert.deepEqual([peer.packets(len), peer.octets(len)], [frames.length, octets], `${len} at MTU ${mtu}`);
        }
      }
    });
  }

  it('are those of the smallest MTU there is now, with the TTL of now', () => {
    let [pathMtu, ttl] = [1400, 64];
    const peer = peerOf(4, 1500, { pathMtu: () => pathMtu, ttl: () => ttl });
    assert.deepEqual([peer.flow().mtu, peer.flow().ttl, peer.packets(1373)], [1400, 64, 2]);
    assert.equal(peer.flow(), peer.flow(), 'one object as long as nothing changes');
    [pathMtu, ttl] = [9000, 9];
    assert.deepEqual([peer.flow().mtu, peer.flow().ttl, peer.packets(1472)], [1500, 9, 1]);
  });
});
