import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReferenceCutter } from '../../../src/app/compare/reference.js';
import { FileMtu } from '../../../src/compare/cuts/file-mtu.js';
import { type Gathered, Gatherer } from '../../../src/compare/cuts/gather.js';
import { type CutPacket, readPacket } from '../../../src/compare/cuts/packet.js';
import { placed } from '../../../src/faults/packet.js';
import type { Flow } from '../../../src/skb/flow.js';
import { flow4, flow6 } from '../../ufo/flows.js';
import { noise } from '../../wire/helpers.js';

const cutter = new ReferenceCutter();
const cut = (flow: Flow, ident: number, len = 5000): readonly CutPacket[] =>
  cutter.cut(flow, ident, noise(len, ident)).packets;

function gather(packets: readonly CutPacket[]): { all: Gathered[]; doubled: number } {
  const gatherer = new Gatherer();
  const all = packets.flatMap((packet, i) => gatherer.push(packet, i + 1));
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
      assert.equal(found[0]!.packets[2], wrong[2]);
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

    it(`${name}: another datagram with an ident that was used before is one of its own`, () => {
      const [a, b] = [cut(flow, 5, 5000), cut(flow, 5, 4800)];
      assert.deepEqual(shape(gather([...a, ...b])), [
        [4, 1, 4, true],
        [4, 5, 8, true],
      ]);
    });
  }

  it('is bounded: the oldest that waits is given up', () => {
    const gatherer = new Gatherer();
    const [first] = cut(flow4(), 1);
    const firsts = Array.from({ length: 5000 }, (_, i) => placed(first!, { ident: i + 1 }));
    const out = firsts.flatMap((packet, i) => gatherer.push(packet, i));
    assert.equal(gatherer.end().length, 4096);
    assert.equal(out.length, 5000 - 4096);
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
    for (const packet of packets) mtu.add(packet);
    return mtu.of(packets[0]!);
  };
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
