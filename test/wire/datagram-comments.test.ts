import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { datagramComments } from '../../src/wire/datagram-comments.js';
import { hex, viewOf } from './helpers.js';

const RAW = 101;
const MARGIN = 3;

/** An IPv4 header of 20 octets: flags and offset as a word, protocol, id 0x2d2a = 11562. */
const four = (word = '0000', protocol = '11', ihl = '5'): string =>
  `4${ihl}00 ffff 2d2a ${word} 40${protocol} 0000 c0000201 c0000202`;
/** A fixed IPv6 header. */
const six = (next: string): string => `60000000 ffff ${next} 40 ${'00'.repeat(15)}01 ${'00'.repeat(15)}02`;
/** A fragment header of id 0xfffffffe = 4294967294. */
const fragment = (next: string, word: string): string => `${next}00 ${word} fffffffe`;
/** The UDP header of a datagram of so many octets. */
const udp = (octets: number): string => `0457 270f ${(octets + 8).toString(16).padStart(4, '0')} 0000`;

function comments(...frames: readonly string[]): (string | undefined)[] {
  const comment = datagramComments();
  return frames.map((text) => {
    const frame = hex(text);
    const view = viewOf(Uint8Array.from([0xff, 0xff, 0xff, ...frame, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
    return comment(view, MARGIN, frame.length, RAW);
  });
}

describe('comments on datagrams', () => {
  it('stand on the first frame of each, counted as they come', () => {
    assert.deepEqual(
      comments(
        four('2000') + udp(65_507), // MF, the first of several
        four('20b9') + udp(65_507), // a later one
        four('40b8') + udp(65_507),
        four('4000') + udp(0), // DF alone: all of it
        six('11') + udp(9),
        six('2c') + fragment('11', '0001') + udp(2000),
        six('2c') + fragment('11', '05a9') + udp(2000),
        four() + udp(1),
      ),
      [
        'datagram 1: 65507 octets, id 11562',
        undefined,
        undefined,
        'datagram 2: 0 octets, id 11562',
        'datagram 3: 9 octets', // an IPv6 packet in one piece has no id
        'datagram 4: 2000 octets, id 4294967294',
        undefined,
        'datagram 5: 1 octets, id 11562',
      ],
    );
  });

  it('look for UDP behind options and extension headers', () => {
    const hopByHop = (next: string): string => `${next}00 0104 00000000`;
    assert.deepEqual(
      comments(
        `${four('0000', '11', '6')} 01010100 ${udp(5)}`,
        six('00') + hopByHop('11') + udp(6),
        six('00') + hopByHop('2c') + fragment('3c', '0001') + hopByHop('11') + udp(7),
      ),
      ['datagram 1: 5 octets, id 11562', 'datagram 2: 6 octets', 'datagram 3: 7 octets, id 4294967294'],
    );
  });

  it('stand on UDP only, with all of its header there', () => {
    const whole = [four() + udp(4), six('11') + udp(4), six('2c') + fragment('11', '0001') + udp(4)];
    for (const text of whole) {
      const octets = text.replaceAll(' ', '');
      for (let len = 0; len < octets.length; len += 2)
        assert.deepEqual(comments(octets.slice(0, len)), [undefined], `cut at ${len / 2}`);
      assert.notEqual(comments(octets)[0], undefined);
    }
    const others = [four('0000', '06') + udp(4), six('06') + udp(4), six('3b'), `55${udp(4)}`];
    assert.deepEqual(comments(...others), [undefined, undefined, undefined, undefined]);
  });

  it('say no less than nothing of a length that cannot be', () => {
    assert.deepEqual(comments(`${four()} 0457 270f 0007 0000`), ['datagram 1: 0 octets, id 11562']);
  });
});
