import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refuseLong } from '../../../src/socket/frames/ready.js';
import { FRAME_WAYS, type FrameDriver } from '../../../src/socket/frames/ways.js';

/** So many octets, with this EtherType in front. */
function frame(len: number, etherType: number): Uint8Array {
  const octets = new Uint8Array(len);
  new DataView(octets.buffer).setUint16(12, etherType);
  return octets;
}

describe('the longest frame of an interface', () => {
  const cases: readonly (readonly [FrameDriver, number, string, number])[] = [
    ['packet-socket', 0x0800, 'plain', 1514],
    ['packet-socket', 0x8100, 'with a tag of 802.1Q, which comes on top', 1518],
    ['packet-socket', 0x88a8, 'with one of 802.1ad, which does not', 1514],
    ['af-xdp', 0x8100, 'with a tag, which AF_XDP counts', 1514],
    ['raw-socket', 0x8100, 'without its link header', 1500],
  ];
  for (const [driver, etherType, what, most] of cases) {
    it(`has ${most} octets by ${driver}, ${what}`, () => {
      refuseLong(frame(most, etherType), 1, 1500, FRAME_WAYS[driver]);
      assert.throws(() => refuseLong(frame(most + 1, etherType), 7, 1500, FRAME_WAYS[driver]), {
        code: 'ERR_UFO_INVALID_ARGUMENT',
        message: new RegExp(`frame 7: got "${most + 1} octets", want at most ${most}`),
      });
    });
  }
});
