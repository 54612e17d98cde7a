import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReferenceCutter } from '../../../src/app/compare/reference.js';
import type { Reference } from '../../../src/compare/cuts/cause.js';
import { holdJoined } from '../../../src/compare/cuts/joined.js';
import { type CutPacket, concat, joined } from '../../../src/compare/cuts/packet.js';
import { placed, viewOf } from '../../../src/faults/packet.js';
import type { Flow } from '../../../src/skb/flow.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import { flow4, flow6 } from '../../ufo/flows.js';
import { noise } from '../../wire/helpers.js';
import { copies } from './planted.js';

const cutter = new ReferenceCutter();

function message(flow: Flow): Reference {
  const each = [1000, 1000, 999].map((len, i) => cutter.cut(flow, 700, noise(len, i)));
  const packets = each.flatMap((one) => one.packets);
  return { family: flow.family, mtu: 1500, whole: { ...each[0]!.whole, payload: joined(packets) }, packets };
}

function held(flow: Flow, change: (packets: CutPacket[]) => CutPacket[]) {
  const reference = message(flow);
  const { outcome, causes, left } = holdJoined(reference, change(copies(reference)), 'kernel-uso');
  return [outcome, causes.map(({ cause }) => cause.code), left.map(({ fragment, field }) => `${fragment} ${field}`)];
}

const withIdents = (idents: readonly number[]) => (packets: CutPacket[]) =>
  packets.map((one, i) => placed(one, { ident: idents[i]! }));

describe('datagrams that were handed over joined', () => {
  it('are equal where each is as it had been sent alone', () => {
    assert.deepEqual(
      held(flow6(), (all) => all),
      ['equal', [], []],
    );
    // of IPv4 ours have one ident here, as datagrams sent behind one another never have
    assert.deepEqual(
      held(flow4(), (all) => all),
      ['different', [], ['0 idents']],
    );
  });

  it('may have idents of their own, but no two the same', () => {
    assert.deepEqual(held(flow4(), withIdents([65_535, 0, 1])), ['explained', ['idents-counted'], []]);
    assert.deepEqual(held(flow4(), withIdents([9, 4, 7])), ['explained', ['ident-own'], []]);
    assert.deepEqual(held(flow4(), withIdents([9, 10, 9])), ['different', ['ident-own'], ['0 idents']]);
  });

  it('are each held against their own, octet by octet', () => {
    const turned = (all: CutPacket[]) => [all[1]!, all[0]!, all[2]!];
    assert.equal(held(flow6(), turned)[0], 'different');
    const flipped = (all: CutPacket[]) => {
      all[1]!.payload[500]! ^= 1;
      return all;
    };
    assert.deepEqual(held(flow6(), flipped), ['different', [], ['2 data']]);
  });

  it('are not proven by a capture of them before they are cut, and wrong where one is missing', () => {
    const whole = ([first, ...more]: CutPacket[]): CutPacket[] => {
      const payload = concat([first!.payload, ...more.map((one) => one.payload.subarray(8))]);
      const header = Uint8Array.from(first!.header);
      ipv4.setTotLen(viewOf(header), 0, header.length + payload.length);
      return [{ ...first!, header, payload }];
    };
    assert.equal(held(flow4(), whole)[0], 'unsure');
    assert.equal(held(flow4(), (all) => all.slice(1))[0], 'different');
  });
});
