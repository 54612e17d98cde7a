import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heldRate, heldRateText } from '../../../src/app/send/held-rate.js';
import { StreamCounts } from '../../../src/socket/flight/counts.js';

function counts(datagrams: number, fragments: number, octets: number): StreamCounts {
  return Object.assign(new StreamCounts(), { datagrams, fragments, octets });
}

const IPV4 = { family: 4, headerLen: 20, chainLen: 0, byTime: false } as const;

describe('a rate that was asked for', () => {
  it('is said to be held, or what came of it', () => {
    const wish = { perSecond: 10_000, unit: 'datagrams' } as const;
    assert.equal(heldRateText(heldRate(wish, counts(10_000, 10_000, 0), 1, IPV4)!), 'rate held: 10,000 datagrams/s');
    const slow = heldRateText(heldRate(wish, counts(5100, 5100, 0), 1, IPV4)!);
    assert.match(slow, /^wanted 10,000 datagrams\/s, got 5,100 datagrams\/s: /);
  });

  it('is told in its own unit: packets, or bits of IP packets with all their headers', () => {
    const packets = heldRate({ perSecond: 3000, unit: 'fragments' }, counts(1000, 3000, 0), 1, IPV4)!;
    assert.equal(packets.got, 3000);
    const bits = heldRate({ perSecond: 8e6, unit: 'bits' }, counts(1000, 1000, 972 * 1000), 1, IPV4)!;
    assert.equal(bits.got, 8e6); // 972 + 8 + 20 octets
    assert.equal(heldRateText(bits), 'rate held: 8 Mbit/s of IP packets');
    const optioned = { ...IPV4, headerLen: 60 };
    assert.equal(heldRate({ perSecond: 8e6, unit: 'bits' }, counts(1000, 1000, 932 * 1000), 1, optioned)!.got, 8e6);
    // 40 + 8 of the fragment header in both fragments, 24 of destination options and 8 of UDP in the first
    const chained = { family: 6, headerLen: 40, chainLen: 24, byTime: false } as const;
    const cut = heldRate({ perSecond: 16e6, unit: 'bits' }, counts(1000, 2000, 1872 * 1000), 1, chained)!;
    assert.equal(cut.got, 16e6);
  });

  it('counts the wait that the end of the time cut short, and says nothing of a single datagram', () => {
    const ten = heldRate({ perSecond: 10, unit: 'datagrams' }, counts(10, 10, 0), 1, { ...IPV4, byTime: true })!;
    assert.deepEqual([ten.got, ten.held], [10, true]);
    assert.equal(heldRate({ perSecond: 10, unit: 'datagrams' }, counts(1, 1, 0), 1, IPV4), null);
    assert.equal(
      heldRate({ perSecond: 200, unit: 'datagrams' }, counts(10, 10, 0), 0.08, IPV4),
      null,
      'too short to tell',
    );
    assert.equal(heldRate(undefined, counts(10, 10, 0), 1, IPV4), null);
  });
});
