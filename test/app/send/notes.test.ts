import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { identNotes, type SendPlan, sendNotes } from '../../../src/app/send/notes.js';
import type { PathInfo } from '../../../src/socket/path/info.js';

const path = (family: 4 | 6): PathInfo => ({ family, destination: 'nowhere', notes: [] }) as unknown as PathInfo;
const plan = (odd: Partial<SendPlan>): SendPlan => ({
  ...{ path: path(4), packets: 2, octets: 2000, count: Number.POSITIVE_INFINITY, rate: undefined },
  ...odd,
});

describe('idents that come again', () => {
  const warned: [string, Partial<SendPlan>][] = [
    ['a count that goes round, as fast as may be', { count: 65_536 }],
    ['2,185 datagrams a second', { rate: { unit: 'datagrams', perSecond: 2185 } }],
    ['as many bits as are 2,185 datagrams', { rate: { unit: 'bits', perSecond: 2185 * 8 * 2048 } }],
    ['as many fragments as are 2,185 datagrams', { rate: { unit: 'fragments', perSecond: 4370 } }],
  ];
  for (const [what, odd] of warned)
    it(`are told of: ${what}`, () => {
      assert.match(identNotes(plan(odd)).join(), /RFC 4963.*at most 2184 datagrams/);
    });

  const silent: [string, Partial<SendPlan>][] = [
    ['no more datagrams than there are idents', { count: 65_535 }],
    ['nobody knows how many there will be', { count: null }],
    ['slow enough', { rate: { unit: 'datagrams', perSecond: 2184 } }],
    ['slow enough in bits', { rate: { unit: 'bits', perSecond: 2184 * 8 * 2048 } }],
    ['nothing is cut', { packets: 1 }],
    ['IPv6 has 32 bits', { path: path(6) }],
  ];
  for (const [what, odd] of silent)
    it(`are no worry: ${what}`, () => {
      assert.deepEqual(identNotes(plan(odd)), []);
    });
});

describe('receivers that reassemble less', () => {
  const cases: [Partial<SendPlan>, RegExp | null][] = [
    [{ packets: 8 }, null],
    [{ packets: 9 }, /DPDK 8 fragments/],
    [{ path: path(6), packets: 2, octets: 10_240 }, null],
    [{ path: path(6), packets: 8, octets: 10_241 }, /: Snabb 40 fragments or 10240 octets/],
    [{ path: path(6), packets: 41, octets: 9000 }, /DPDK.*; Snabb/],
    [{ path: path(6), packets: 1, octets: 20_000 }, null],
  ];
  for (const [odd, want] of cases)
    it(`${odd.packets} packets, ${odd.octets ?? 2000} octets, IPv${odd.path?.family ?? 4}`, () => {
      const [first] = sendNotes(plan({ count: 1, ...odd }));
      if (want === null) assert.equal(first, undefined);
      else assert.match(first ?? '', want);
    });
});
