import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReferenceCutter } from '../../../src/app/compare/reference.js';
import { CAUSES } from '../../../src/compare/cuts/causes.js';
import { holdCut } from '../../../src/compare/cuts/explain.js';
import type { CutPacket } from '../../../src/compare/cuts/packet.js';
import { withFlippedField } from '../../../src/faults/fields.js';
import { placed, viewOf, withFragmentHeader } from '../../../src/faults/packet.js';
import * as ipv6 from '../../../src/wire/ipv6.js';
import * as udp from '../../../src/wire/udp.js';
import { DESTINATION, flow4, flow6, HOP } from '../../ufo/flows.js';
import { hex, noise } from '../../wire/helpers.js';
import { copies, held, leftOf } from './planted.js';

const codesOf = ({ causes }: ReturnType<typeof held>): string[] => causes.map(({ cause }) => cause.code);
const at = (packets: readonly CutPacket[], i: number, change: (one: CutPacket) => CutPacket): CutPacket[] =>
  packets.map((one, place) => (place === i ? change(one) : one));

describe('a cut that is ours', () => {
  for (const flow of [flow4(), flow4({ options: hex('94040000') }), flow6(), flow6({ extensionHeaders: [HOP] })]) {
    for (const len of [0, 1000, 1473, 5000]) {
      it(`IPv${flow.family}, ${flow.options.length + flow.extensionHeaders.length} octets or headers, ${len}: equal`, () => {
        assert.deepEqual(
          held(flow, len, (all) => all),
          { outcome: 'equal', causes: [], differences: [], left: [] },
        );
      });
    }
  }
});

describe('a field that one fragment has otherwise', () => {
  const fields = {
    4: ['version', 'tos', 'length', 'ident', 'reserved', 'df', 'mf', 'offset', 'ttl', 'protocol', 'checksum'],
    6: ['version', 'tos', 'flow-label', 'length', 'ttl', 'protocol', 'reserved', 'mf', 'offset', 'ident'],
  } as const;
  for (const flow of [flow4(), flow6()]) {
    for (const field of fields[flow.family]) {
      it(`IPv${flow.family}: ${field} of the second is named, and nothing explains it`, () => {
        const found = held(flow, 5000, (all) => at(all, 1, (one) => withFlippedField(one, field)));
        assert.equal(found.outcome, 'different');
        assert.deepEqual(found.causes, []);
        const named = leftOf(found).map((line) => line.split(' ').slice(0, 2).join(' '));
        assert.ok(named.includes(`2 ${field}`), named.join('; '));
        // the header's checksum tells of every other field; a wrong place shows other octets
        assert.deepEqual(
          named.filter((one) => ![`2 ${field}`, '2 checksum', '2 data'].includes(one)),
          [],
        );
      });
    }
  }

  it('names an octet of the payload, and where it lies', () => {
    const found = held(flow4(), 5000, (all) => {
      all[2]!.payload[100]! ^= 0xff;
      return all;
    });
    const octet = noise(5000, 7)[2 * 1480 + 100 - 8]!;
    const text = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;
    assert.deepEqual(leftOf(found), [`3 data ${text(octet)} at octet ${2 * 1480 + 100} ${text(octet ^ 0xff)}`]);
  });

  it('names what the UDP header says otherwise', () => {
    const found = held(flow6(), 5000, (all) => {
      udp.setChecksum(viewOf(all[0]!.payload), 0, 0x1234);
      udp.setLength(viewOf(all[0]!.payload), 0, 99);
      return all;
    });
    assert.equal(found.outcome, 'different');
    assert.deepEqual(
      found.left.map(({ field, to }) => `${field} ${to}`),
      ['udp-length 99', 'udp-checksum 0x1234'],
    );
  });

  it('names a fragment that is not there, and one too many', () => {
    assert.deepEqual(leftOf(held(flow4(), 5000, (all) => all.slice(0, 3))), ['0 packets 4 3']);
    assert.ok(leftOf(held(flow4(), 5000, (all) => [...all, all[3]!])).includes('0 packets 4 5'));
  });
});

describe('what somebody else is known to do', () => {
  it('explains another ident only where all fragments have it', () => {
    const all = (ident: number) => (packets: CutPacket[]) => packets.map((one) => placed(one, { ident }));
    assert.deepEqual(codesOf(held(flow4(), 5000, all(99), 'kernel-ip')), ['ident-own']);
    assert.equal(held(flow6(), 5000, all(99)).outcome, 'explained');
    assert.deepEqual(codesOf(held(flow4(), 5000, all(0), 'kernel-ip')), ['ident-own'], 'a counter passes through 0');
    assert.equal(held(flow6(), 5000, all(0)).outcome, 'different');
  });

  it('explains another flow label only where all fragments have it', () => {
    const label = (value: number) => (one: CutPacket) => {
      ipv6.setClassAndFlow(viewOf(one.header), 0, 0, value);
      return one;
    };
    assert.deepEqual(codesOf(held(flow6(), 5000, (all) => all.map(label(7)))), ['flow-label-own']);
    assert.equal(held(flow6(), 5000, (all) => at(all, 1, label(7))).outcome, 'different');
  });

  it('explains an order, and tells it', () => {
    const found = held(flow4(), 5000, (all) => all.toReversed());
    assert.deepEqual([codesOf(found), found.outcome], [['other-order'], 'explained']);
    assert.deepEqual(found.differences, [{ fragment: 0, field: 'order', from: 'ascending', to: 'descending' }]);
  });

  it('does not explain a last fragment that is larger than the MTU', () => {
    const join = (all: CutPacket[]): CutPacket[] => {
      const [before, last] = all.slice(-2);
      const payload = Uint8Array.from(Buffer.concat([before!.payload, last!.payload]));
      return [...all.slice(0, -2), placed(before!, { more: false, payload })];
    };
    const mtu = 1499; // 1,472 octets a piece, and room for 1,479
    assert.deepEqual(codesOf(held(flow4({ mtu }), 2943, join, 'kernel-ip')), ['last-unrounded']);
    const found = held(flow4({ mtu }), 2944, join, 'kernel-ip');
    assert.deepEqual([found.outcome, codesOf(found)], ['different', []]);
  });

  it('explains a fragment header on what is not cut', () => {
    assert.deepEqual(codesOf(held(flow6(), 100, (all) => [withFragmentHeader(all[0]!, 5)])), ['atomic-fragment']);
  });

  it('explains a checksum of 0 over IPv4 alone', () => {
    const none = (all: CutPacket[]): CutPacket[] => {
      udp.setChecksum(viewOf(all[0]!.payload), 0, 0);
      return all;
    };
    assert.deepEqual(codesOf(held(flow4(), 5000, none)), ['no-checksum']);
    assert.equal(held(flow6(), 5000, none).outcome, 'different');
  });

  it('is broken in a file, and known of the kernel: options that are repeated', () => {
    const flow = flow4({ options: hex('070b 04 0000000000000000 00') });
    const repeat = (all: CutPacket[]): CutPacket[] => {
      for (const one of all) one.header.set(flow.options, 20);
      return all
        .map((one) => placed(one, { offset: 0 }))
        .map((one, i) => ({ ...all[i]!, header: refill(one, all[i]!) }));
    };
    assert.deepEqual(
      [held(flow, 5000, repeat).outcome, codesOf(held(flow, 5000, repeat))],
      ['different', ['options-repeated']],
    );
    assert.equal(held(flow, 5000, repeat, 'kernel-ufo').outcome, 'explained');
    assert.equal(held(flow, 5000, repeat, 'kernel-ip').outcome, 'different');
  });

  it('leaves what it does not explain: an ident of its own does not hide a wrong TTL', () => {
    const found = held(flow4(), 5000, (all) =>
      at(all, 2, (one) => ({ ...one, header: Uint8Array.from(one.header, (octet, i) => (i === 8 ? 9 : octet)) })).map(
        (one) => placed(one, { ident: 99 }),
      ),
    );
    assert.deepEqual([codesOf(found), leftOf(found)], [['ident-own'], ['3 ttl 64 9']]);
  });

  it('makes nothing of a datagram that is ours, whatever its headers', () => {
    const cutter = new ReferenceCutter();
    for (const flow of [flow4({ options: hex('94040000') }), flow6({ extensionHeaders: [HOP, DESTINATION] })]) {
      const reference = cutter.cut(flow, 3, noise(4000, 1));
      assert.equal(holdCut(reference, copies(reference), 'kernel-ufo').causes.length, 0);
    }
  });

  it('has a code of its own each', () => {
    assert.equal(new Set(CAUSES.map(({ code }) => code)).size, CAUSES.length);
  });
});

/** The header of `one` with the place of `old`. */
function refill({ header }: CutPacket, old: CutPacket): Uint8Array {
  const out = header.slice();
  out.set(old.header.subarray(6, 8), 6);
  const view = viewOf(out);
  let sum = 0;
  view.setUint16(10, 0);
  for (let i = 0; i < out.length; i += 2) sum += view.getUint16(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(10, ~sum & 0xffff);
  return out;
}
