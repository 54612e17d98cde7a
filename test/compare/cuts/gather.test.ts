import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReferenceCutter } from '../../../src/app/compare/reference.js';
import { FileMtu } from '../../../src/compare/cuts/file-mtu.js';
import { Gatherer } from '../../../src/compare/cuts/gather.js';
import type { Gathered } from '../../../src/compare/cuts/gathering.js';
import { type CutPacket, readPacket } from '../../../src/compare/cuts/packet.js';
import { placed } from '../../../src/faults/packet.js';
import type { Flow } from '../../../src/skb/flow.js';
import { flow4, flow6 } from '../../ufo/flows.js';
import { noise } from '../../wire/helpers.js';

const cutter = new ReferenceCutter();
const cut = (flow: Flow, ident: number, len = 5000): readonly CutPacket[] =>
  cutter.cut(flow, ident, noise(len, ident)).packets;

const arrival = (frame: number, time: number, layers = 0) => ({
  frame,
  time,
  layers,
  via: layers === 0 ? '' : `vlan ${layers}`,
});

/** @param times when each was captured, default all at once @param networks keys of those that they came through */
function gather(
  packets: readonly CutPacket[],
  times: readonly number[] = [],
  networks: readonly number[] = [],
): { all: Gathered[]; doubled: number } {
  const gatherer = new Gatherer();
  const all = packets.flatMap((packet, i) => gatherer.push(packet, arrival(i + 1, times[i] ?? 0, networks[i])));
  all.push(...gatherer.end());
  return { all, doubled: gatherer.duplicates };
}
const shape = ({ all }: { all: readonly Gathered[] }) =>
  all.map(({ packets, frames, complete }) => [packets.length, ...frames, complete]);

describe('packets of a capture put together', () => {
  for (const flow of [flow4(), flow6()]) {
    const name = `IPv${flow.family}`;
    it(`${name}: in any order, interleaved, and what is not cut by itself`, () => {
      const [a, b] = [cut(flow, 1), cut(flow, 2)];
      const packets = [b[3]!, a[0]!, b[0]!, ...cut(flow, 3, 100), a[1]!, a[2]!, b[2]!, a[3]!, b[1]!];
      assert.deepEqual(shape(gather(packets)), [
        [1, 4, 4, true],
        [4, 2, 8, true],
        [4, 1, 9, true],
      ]);
    });

    it(`${name}: a fragment with another ident belongs where it fills the hole and the checksum holds`, () => {
      const all = cut(flow, 1);
      const wrong = all.map((one, i) => (i === 2 ? placed(one, { ident: 77 }) : one));
      const { all: found } = gather(wrong);
      assert.deepEqual(shape({ all: found }), [[4, 1, 4, true]]);
      assert.deepEqual(found[0]!.packets[2], wrong[2]);
    });

    it(`${name}: pieces of two datagrams that lost each one are not put together`, () => {
      const lost = [...cut(flow, 1).filter((_, i) => i !== 2), cut(flow, 2)[2]!];
      assert.deepEqual(shape(gather(lost)), [
        [3, 1, 3, false],
        [1, 4, 4, false],
      ]);
    });

    it(`${name}: what comes once more is counted, whether packet by packet or all of it`, () => {
      const all = cut(flow, 1);
      assert.deepEqual(
        [shape(gather(all.flatMap((one) => [one, one]))), gather(all.flatMap((one) => [one, one])).doubled],
        [[[4, 1, 7, true]], 4],
      );
      assert.deepEqual([shape(gather([...all, ...all])), gather([...all, ...all]).doubled], [[[4, 1, 4, true]], 4]);
    });

    it(`${name}: in two networks, each by itself`, () => {
      const all = cut(flow, 1);
      const both = all.flatMap((one) => [one, one]);
      const found = gather(both, [], [0, 1, 0, 1, 0, 1, 0, 1]);
      assert.deepEqual(
        [shape(found), found.doubled],
        [
          [
            [4, 1, 7, true],
            [4, 2, 8, true],
          ],
          0,
        ],
      );
      assert.deepEqual(
        found.all.map(({ layers, via }) => [layers, via]),
        [
          [0, ''],
          [1, 'vlan 1'],
        ],
      );
      const split = all.map((_, i) => i % 2);
      assert.deepEqual(
        gather(all, [], split).all.map(({ complete }) => complete),
        [false, false],
      );
    });

    it(`${name}: another datagram with an ident that was used before is one of its own`, () => {
      const [a, b] = [cut(flow, 5, 5000), cut(flow, 5, 4800)];
      assert.deepEqual(shape(gather([...a, ...b])), [
        [4, 1, 4, true],
        [4, 5, 8, true],
      ]);
    });
  }

  for (const [flow, timeout] of [
    [flow4(), 30],
    [flow6(), 60],
  ] as const) {
    const name = `IPv${flow.family}`;
    const [lost, later] = [cut(flow, 5).slice(0, 2), cut(flow, 5, 4800)];
    const at = (first: number, second: number) => [...lost.map(() => first), ...later.map(() => second)];

    it(`${name}: what is not complete in ${timeout} s is given up, and its ident another datagram's`, () => {
      const shapes = [
        [4, 3, 6, true],
        [2, 1, 2, false],
      ];
      assert.deepEqual(shape(gather([...lost, ...later], at(1000, 1000 + timeout))), shapes);
      assert.notDeepEqual(shape(gather([...lost, ...later], at(1000, 1000 + timeout - 1))), shapes);
    });

    it(`${name}: a datagram sent again after that time is one of its own, and none that came twice`, () => {
      const all = cut(flow, 1);
      const times = (second: number) => all.flatMap(() => 1000).concat(all.map(() => second));
      const [soon, late] = [999 + timeout, 1000 + timeout].map((time) => gather([...all, ...all], times(time)));
      assert.deepEqual([soon!.all.length, soon!.doubled], [1, 4]);
      assert.deepEqual([late!.all.length, late!.doubled], [2, 0]);
    });

    it(`${name}: two idents of one datagram are found together also where its time is over before the capture is`, () => {
      const wrong = cut(flow, 1).map((one, i) => (i === 2 ? placed(one, { ident: 77 }) : one));
      const many = Array.from({ length: 600 }, (_, i) => cut(flow, 100 + i)[i % 2 === 0 ? 0 : 3]!);
      const { all } = gather(
        [...wrong, ...many, cut(flow, 9, 100)[0]!],
        [...wrong.map(() => 0), ...many.map((_, i) => 100 + i)],
      );
      assert.equal(all.length, 602);
      assert.deepEqual(shape({ all: all.filter(({ complete, packets }) => complete && packets.length > 1) }), [
        [4, 1, 4, true],
      ]);
    });
  }

  it('a clock that goes back gives nothing up, and what waits its time anew', () => {
    const all = cut(flow4(), 1);
    assert.deepEqual(shape(gather(all, [1000, 900, 905, 910])), [[4, 1, 4, true]]);
    assert.deepEqual(shape(gather(all, [1000, 900, 905, 931])).length, 2);
  });

  it('keeps 8,192 packets of a datagram, as many as the largest has in octets of eight, and counts what is beyond', () => {
    const [first] = cut(flow4(), 1);
    const pieces = Array.from({ length: 8192 }, (_, i) =>
      placed(first!, { offset: 8 * i, more: i < 8191, payload: noise(i < 8191 ? 8 : 7, i) }),
    );
    const before = process.cpuUsage();
    const [whole] = gather(pieces.toReversed()).all;
    assert.deepEqual([whole!.packets.length, whole!.complete, whole!.beyond], [8192, true, 0]);
    const odd = Array.from({ length: 9000 }, (_, i) => placed(first!, { offset: 8, more: true, payload: noise(9, i) }));
    const { all, doubled } = gather([...odd, ...odd.slice(0, 100)]);
    assert.deepEqual([all[0]!.packets.length, all[0]!.beyond, all[0]!.complete, doubled], [8192, 808, false, 100]);
    assert.ok(process.cpuUsage(before).user < 20e6, 'microseconds: not every packet against every other');
  });

  it('is bounded: the oldest that waits is given up', () => {
    const gatherer = new Gatherer();
    const [first] = cut(flow4(), 1);
    const firsts = Array.from({ length: 5000 }, (_, i) => placed(first!, { ident: i + 1 }));
    const out = firsts.flatMap((packet, i) => gatherer.push(packet, arrival(i, 0)));
    assert.equal(gatherer.end().length, 4096 + 512);
    assert.equal(out.length, 5000 - 4096 - 512);
    assert.ok(out.every(({ complete }) => !complete));
  });

  it('reads nothing that is no whole packet, and never throws', () => {
    const [whole] = cut(flow6(), 1, 100);
    const octets = Buffer.concat([whole!.header, whole!.payload]);
    for (let len = 0; len < octets.length; len++) assert.equal(readPacket(octets.subarray(0, len)), null);
    assert.equal(readPacket(Buffer.concat([octets, Buffer.alloc(9)]))!.payload.length, 108); // padding
    for (let i = 0; i < 2000; i++) {
      const random = noise(20 + (i % 80), i);
      random[0] = (i % 2 === 0 ? 0x40 : 0x60) | (random[0]! & 15);
      readPacket(random);
    }
  });
});

describe('the MTU that a capture was cut for', () => {
  const of = (packets: readonly CutPacket[]): number => {
    const mtu = new FileMtu();
    for (const packet of packets) mtu.add(packet, 0);
    return mtu.of(packets[0]!, 0);
  };
  it('is one of each network', () => {
    const mtu = new FileMtu();
    const [large, small] = [cut(flow4({ mtu: 1500 }), 1), cut(flow4({ mtu: 1400 }), 2)];
    for (const packet of large) mtu.add(packet, 1);
    for (const packet of small) mtu.add(packet, 2);
    assert.deepEqual([mtu.of(large[0]!, 1), mtu.of(large[0]!, 2)], [1500, 1396]);
  });
  it('is that of the longest fragment', () => assert.equal(of(cut(flow4({ mtu: 1500 }), 1)), 1500));
  it('is up to 7 octets more where a packet shows it', () => {
    const flow = flow4({ mtu: 1499 });
    assert.equal(of(cut(flow, 1)), 1492);
    assert.equal(of([...cut(flow, 1), ...cut(flow, 2, 1471)]), 1499);
  });
  it('is not that of a packet which is not cut yet', () => {
    assert.equal(of([...cut(flow4({ mtu: 1500 }), 1), ...cut(flow4({ mtu: 9000 }), 2, 8000)]), 1500);
  });
});
