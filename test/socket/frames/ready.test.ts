import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readyOctets, refuseLong } from '../../../src/socket/frames/ready.js';
import { FRAME_WAYS, type FrameDriver } from '../../../src/socket/frames/ways.js';
import type { Frame } from '../../../src/wire/frame.js';
import { LINKTYPE_ETHERNET } from '../../../src/wire/link-layer.js';
import { flow4, flow6, frame, pattern, udpPacket, whole } from '../../verify/build.js';

const FRAMES = FRAME_WAYS['packet-socket'];
const RIGHTED = FRAME_WAYS['raw-socket'];
/** As a file of raw IP takes them. */
const PACKETS = { ...FRAME_WAYS['pcap-file'], sends: 'packets' } as const;

function ethernet(packet: Uint8Array, padding = 0): Frame {
  const type = packet[0]! >> 4 === 4 ? [0x08, 0x00] : [0x86, 0xdd];
  const octets = Uint8Array.of(2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, ...type, ...packet, ...new Uint8Array(padding));
  return { ...frame(octets), linktype: LINKTYPE_ETHERNET };
}

/** So many octets, with this EtherType in front. */
function typed(len: number, etherType: number): Uint8Array {
  const octets = new Uint8Array(len).fill(0x5a);
  new DataView(octets.buffer).setUint16(12, etherType);
  return octets;
}

describe('a frame that is to be sent', () => {
  for (const flow of [flow4, flow6]) {
    const packet = whole(flow, udpPacket(flow, pattern(30)));

    it(`over IPv${flow.family} goes as it is, or as the IP packet in it, without padding`, () => {
      const framed = ethernet(packet, 5);
      assert.deepEqual(readyOctets(framed, 1, FRAMES), framed.bytes);
      for (const way of [PACKETS, RIGHTED]) {
        assert.deepEqual(readyOctets(framed, 1, way), packet);
        assert.deepEqual(readyOctets(frame(packet), 1, way), packet);
      }
      assert.notEqual(readyOctets(frame(packet), 1, PACKETS).buffer, packet.buffer);
    });

    it(`over IPv${flow.family} is refused where it is not all there`, () => {
      const header = flow.family === 4 ? 20 : 40;
      assert.throws(() => readyOctets(frame(packet, 0, 50), 3, PACKETS), /^TypeError: frame 3: got "50 of \d+ octets"/);
      for (const len of [header - 1, header, packet.length - 1]) {
        const want = len < header ? `at least ${header}, the header` : `the ${packet.length} that its header tells`;
        assert.throws(() => readyOctets(frame(packet.subarray(0, len)), 3, PACKETS), new RegExp(`frame 3: .*${want}`));
      }
    });
  }

  it('is refused where the driver sends something else', () => {
    const packet = whole(flow4, udpPacket(flow4, pattern(30)));
    assert.throws(() => readyOctets(frame(packet), 1, FRAMES), /got "raw IP", want an Ethernet frame/);
    const unknown = { ...frame(packet), linktype: 147 };
    assert.throws(() => readyOctets(unknown, 1, FRAMES), /got "link type 147"/);
    assert.throws(() => readyOctets(unknown, 1, PACKETS), /got "no IP packet"/);
    const short = { ...frame(new Uint8Array(13)), linktype: LINKTYPE_ETHERNET };
    assert.throws(() => readyOctets(short, 1, FRAMES), /got "13 octets"/);
    assert.equal(readyOctets({ ...frame(new Uint8Array(14)), linktype: LINKTYPE_ETHERNET }, 1, FRAMES).length, 14);
  });

  it('is refused where the kernel would put its IPv4 header right', () => {
    const wrong = whole(flow4, udpPacket(flow4, pattern(30)));
    wrong[10]! ^= 1;
    assert.deepEqual(readyOctets(frame(wrong), 1, PACKETS), wrong);
    assert.throws(() => readyOctets(frame(wrong), 1, RIGHTED), /wrong IPv4 length or checksum/);
  });
});

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
      refuseLong(typed(most, etherType), 1, 1500, FRAME_WAYS[driver]);
      assert.throws(() => refuseLong(typed(most + 1, etherType), 7, 1500, FRAME_WAYS[driver]), {
        code: 'ERR_UFO_INVALID_ARGUMENT',
        message: new RegExp(`frame 7: got "${most + 1} octets", want at most ${most}`),
      });
    });
  }
});
