import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UfoError } from '../../src/errors.js';
import type { ExtensionHeader, Flow } from '../../src/skb/flow.js';
import { kfreeSkb } from '../../src/skb/release.js';
import { SKB_GSO_UDP } from '../../src/skb/shared-info.js';
import { CHECKSUM_NONE, CHECKSUM_PARTIAL } from '../../src/skb/skbuff.js';
import { ipMakeSkb, skbChecksumHelp } from '../../src/ufo/make-skb.js';
import * as udp from '../../src/wire/udp.js';
import { hex, noise } from '../wire/helpers.js';
import { checkFragments, plainSum } from './check-fragments.js';
import { Cutter, packetList } from './cut.js';
import {
  DESTINATION,
  flow4,
  flow6,
  type HeaderSet,
  HOP,
  largestPayload,
  octets,
  SEGMENTS,
  SETS_4,
  SETS_6,
  smallestMtu,
} from './flows.js';

const cutter = new Cutter();
const plain = (flow: Flow): HeaderSet => ({
  name: '',
  flow,
  laterOptions: new Uint8Array(0),
  perFragment: 0,
  final: flow.destination,
});

function check(flow: Flow, len: number): number {
  const payload = noise(len, 7);
  const packets = cutter.cut(flow, 4660, payload);
  checkFragments(packets, { set: plain(flow), ident: 4660, payload });
  return packets.start.length - 1;
}

function refused(flow: Flow, len: number): UfoError {
  try {
    cutter.cut(flow, 1, noise(len, 1));
  } catch (error) {
    return error as UfoError;
  }
  return assert.fail(`${len} octets at MTU ${flow.mtu} went through`);
}

describe('ipMakeSkb', () => {
  it('leaves whole what fits to the octet, and cuts one octet more', () => {
    assert.equal(check(flow4(), 1472), 1);
    assert.equal(check(flow4(), 1473), 2);
    assert.equal(check(flow6(), 1452), 1);
    assert.equal(check(flow6(), 1453), 2);
    for (const flow of [flow4({ mtu: 65_535 }), flow6({ mtu: 65_575 })]) {
      assert.equal(check(flow, largestPayload(plain(flow))), 1);
    }
  });

  it('sets DF where it was asked for and the packet fits, and refuses one that does not', () => {
    assert.equal(check(flow4({ dontFragment: true }), 1472), 1);
    const error = refused(flow4({ dontFragment: true }), 1473);
    assert.equal(error.code, 'EMSGSIZE');
    assert.match(error.message, /DF is set, and the packet has 1501 octets at an MTU of 1500/);
  });

  it('marks for cutting with gsoSize, gsoSegs and the ident', () => {
    const skb = cutter.build(flow6(), noise(10_000, 1), 'linear');
    ipMakeSkb(skb, flow6(), 0x8000_0001);
    const { gsoType, gsoSize, gsoSegs, fragId } = skb.shinfo;
    assert.deepEqual([gsoType, gsoSize, gsoSegs, fragId], [SKB_GSO_UDP, 1448, 7, 0x8000_0001]);
    kfreeSkb(skb);
  });

  for (const set of [...SETS_4, ...SETS_6]) {
    it(`${set.name}: names the limits`, () => {
      const most = largestPayload(set);
      const over = refused(set.flow, most + 1);
      assert.equal(over.code, 'EMSGSIZE');
      assert.match(over.message, new RegExp(`\\b${most}\\b`));
      const least = smallestMtu(set);
      const error = refused({ ...set.flow, mtu: least - 1 }, 300);
      assert.equal(error.code, 'ERR_UFO_INVALID_ARGUMENT');
      assert.match(error.message, new RegExp(`^mtu: got ${least - 1}, want at least ${least}\\b`));
    });
  }

  it('refuses an MTU below the headers alone, 0 included', () => {
    for (const mtu of [0, 1, 19, 20]) assert.match(refused(flow4({ mtu }), 9).message, /want at least 28\b/);
    for (const mtu of [0, 39, 40, 47]) assert.match(refused(flow6({ mtu }), 9).message, /want at least 56\b/);
  });
});

describe('UDP checksum', () => {
  it('is partial until skbChecksumHelp has finished it', () => {
    const skb = cutter.build(flow4(), noise(3001, 1), 'linear');
    ipMakeSkb(skb, flow4(), 1);
    const { view } = skb.pool.memory;
    assert.equal(skb.ipSummed, CHECKSUM_PARTIAL);
    assert.equal(skb.head + skb.csumStart, skb.transportHeader);
    assert.equal(udp.getChecksum(view, skb.transportHeader), plainSum(view, skb.networkHeader + 12, 8, 17 + 3009));
    skbChecksumHelp(skb);
    assert.equal(skb.ipSummed, CHECKSUM_NONE);
    const finished = udp.getChecksum(view, skb.transportHeader);
    assert.equal(
      plainSum(view, skb.transportHeader, 3009, plainSum(view, skb.networkHeader + 12, 8, 17 + 3009)),
      0xffff,
    );
    skbChecksumHelp(skb);
    assert.equal(udp.getChecksum(view, skb.transportHeader), finished, 'a second call changes nothing');
    kfreeSkb(skb);
  });

  it('is 0 where the flow wants none', () => {
    for (const flow of [flow4({ checksum: false }), flow6({ checksum: false })]) {
      check(flow, 5);
      check(flow, 5000);
    }
  });

  it('becomes 0xffff where it comes out as 0, cut or not', () => {
    for (const flow of [flow4(), flow6()]) {
      for (const len of [2, 4000]) {
        const payload = noise(len, 3);
        payload.fill(0, 0, 2);
        // The checksum with two octets of 0 in the payload, put into them, makes the sum 0xffff and the field 0.
        const at = flow.family === 4 ? 20 : len > 1400 ? 48 : 40;
        const first = packetList(cutter.cut(flow, 1, payload))[0]!;
        payload.set(first.subarray(at + 6, at + 8));
        const again = packetList(cutter.cut(flow, 1, payload))[0]!;
        assert.deepEqual(again.subarray(at + 6, at + 8), hex('ffff'));
      }
    }
  });

  it('uses the final destination of the last routing header that has segments left', () => {
    const used: ExtensionHeader = { type: 43, octets: SEGMENTS.octets.slice() };
    used.octets[3] = 0;
    const mobile: ExtensionHeader = { type: 43, octets: hex(`0002 02 01 00000000 20010db80000000000000000000000aa`) };
    // Source route of RFC 6554: two octets of the last address, six of padding.
    const rpl: ExtensionHeader = { type: 43, octets: hex('0001 03 01 fe 60 0000 0777 000000000000') };
    const chains: [readonly ExtensionHeader[], string][] = [
      [[used], '2001:db8::2'],
      [[mobile], '2001:db8::aa'],
      [[rpl], '2001:db8::777'],
      [[SEGMENTS, used], '2001:db8::9'],
      [[mobile, SEGMENTS], '2001:db8::9'],
    ];
    for (const [extensionHeaders, final] of chains) {
      const flow = flow6({ extensionHeaders });
      const payload = noise(4000, 2);
      const set = { ...plain(flow), perFragment: extensionHeaders.length, final: octets(final) };
      checkFragments(cutter.cut(flow, 5, payload), { set, ident: 5, payload });
    }
  });
});

describe('headers that are none', () => {
  const option = (text: string): Flow => flow4({ options: hex(text) });
  const chain = (...extensionHeaders: ExtensionHeader[]): Flow => flow6({ extensionHeaders });
  const cases: [name: string, flow: Flow, message: RegExp][] = [
    ['options of 3 octets', option('010101'), /^options: got 3 octets, want .*multiples of 4/],
    ['options of 44 octets', option('01'.repeat(44)), /44 octets, a header holds 40/],
    ['an option with length 1', option('94010000'), /option 148 at octet 0/],
    ['an option longer than the rest', option('01940400'), /option 148 at octet 1/],
    ['a type that is no extension header', chain({ type: 17, octets: hex('0000000000000000') }), /got 17, want type 0/],
    ['a fragment header among them', chain({ type: 44, octets: hex('0000000000000000') }), /got 44, want type 0/],
    ['a header of 7 octets', chain({ type: 60, octets: hex('00000104000000') }), /got 7 octets, want 8 octets/],
    ['an empty header', chain({ type: 60, octets: hex('') }), /got 0 octets, want 8 octets/],
    ['a length that lies', chain({ type: 60, octets: hex('0001010400000000') }), /got 8 octets, want 16 octets/],
    ['hop-by-hop not first', chain(DESTINATION, HOP), /hop-by-hop header \(0\) first and only once/],
    ['hop-by-hop twice', chain(HOP, HOP), /hop-by-hop header \(0\) first and only once/],
    ['a routing header of unknown type', chain({ type: 43, octets: hex('0000 fd 01 00000000') }), /type 0, 2, 3 or 4/],
    ['a segment list without its segment', chain({ type: 43, octets: hex('0000 04 01 00000000') }), /addresses whole/],
  ];
  for (const [name, flow, message] of cases) {
    it(name, () => {
      const error = refused(flow, 10);
      assert.equal(error.code, 'ERR_UFO_INVALID_ARGUMENT');
      assert.match(error.message, message);
    });
  }
});
