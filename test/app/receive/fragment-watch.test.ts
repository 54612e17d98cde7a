import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { arrivalHead, encodeArrival, parseArrival } from '../../../src/app/common/arrival.js';
import { arrivedPackets, FragmentWatch } from '../../../src/app/receive/fragment-watch.js';
import { plan } from '../../../src/faults/plan.js';
import { makePayload } from '../../../src/payload/generated.js';
import { segment } from '../../../src/ufo/segment-datagram.js';
import type { Frame } from '../../../src/wire/frame.js';

const ENDS = {
  4: { source: { address: '192.0.2.1', port: 4000 }, destination: { address: '192.0.2.2', port: 9 } },
  6: { source: { address: '2001:db8::1', port: 4000 }, destination: { address: '2001:db8::2', port: 9 } },
} as const;

function fragments(family: 4 | 6, text = '', size = 3000, sequence = 7, ident?: number): Frame[] {
  const payload = makePayload(size, 1, sequence);
  return [...segment({ ...ENDS[family], payload, ident, ttl: 9, plan: text === '' ? undefined : plan(text) })];
}

describe('FragmentWatch', () => {
  for (const family of [4, 6] as const) {
    const source = ENDS[family].source.address;
    const watched = (frames: readonly Frame[], port = 9) => {
      const watch = new FragmentWatch(port);
      watch.push(frames);
      return watch;
    };
    const one = (text: string) => arrivedPackets(watched(fragments(family, text)).find(source, 4000, 1, 7)!);
    const full = family === 4 ? 1480 : 1448;

    it(`tells the packets of an IPv${family} datagram in fragments`, () => {
      const { ttl, fragments: count, first, last, inOrder, sizes, duplicates } = one('');
      assert.deepEqual([ttl, count, first, last, inOrder, duplicates], [9, 3, true, true, true, 0]);
      assert.deepEqual(sizes, [
        [full, 2],
        [3008 - 2 * full, 1],
      ]);
    });

    it(`tells order, duplicates and what is missing, IPv${family}`, () => {
      assert.equal(one('reverse').inOrder, false);
      assert.equal(one('duplicate(1, 2)').duplicates, 2);
      assert.deepEqual([one('drop(3)').last, one('drop(3)').fragments], [false, 2]);
    });

    it(`gives later IPv${family} fragments alone to whoever asks for what is quiet`, () => {
      const watch = watched(fragments(family, 'drop(1)'));
      assert.equal(watch.find(source, 4000, 1, 7), undefined);
      assert.deepEqual(watch.takeQuiet(performance.now() - 1000), []);
      const [quiet] = watch.takeQuiet(performance.now() + 1);
      assert.deepEqual([quiet!.source, quiet!.sourcePort, arrivedPackets(quiet!).first], [source, null, false]);
    });

    it(`finds an IPv${family} datagram by what it said last, and none that was taken out`, () => {
      const watch = watched(fragments(family, '', 3000, 7, 5));
      watch.push(fragments(family, '', 3000, 8, 5));
      assert.deepEqual([watch.find(source, 4000, 1, 7), watch.find(source, 4000, 1, 8)?.sequence], [undefined, 8]);
      watch.takeQuiet(performance.now() + 1);
      assert.equal(watch.find(source, 4000, 1, 8), undefined);
    });

    it(`knows an IPv${family} packet that is not fragmented, and none for another port`, () => {
      const whole = arrivedPackets(watched(fragments(family, '', 100)).find(source, 4000, 1, 7)!);
      assert.deepEqual([whole.fragments, whole.sizes], [0, [[108, 1]]]);
      assert.equal(watched(fragments(family, '', 100), 10).find(source, 4000, 1, 7), undefined);
    });
  }

  it('stays bounded, and throws at nothing', () => {
    const watch = new FragmentWatch(9);
    for (let i = 0; i < 5000; i++) watch.push(fragments(4, 'drop(2, 3)', 3000, i));
    assert.ok(watch.takeQuiet(performance.now() + 1).length <= 4096);
    const [frame] = fragments(6);
    for (let caplen = 0; caplen < frame!.caplen; caplen += 3) watch.push([{ ...frame!, caplen }]);
  });
});

describe('an arrival report', () => {
  it('fits one packet however the datagram was cut, and is read back as it was', () => {
    const watch = new FragmentWatch(9);
    watch.push(fragments(4, 'sizes(8, 16, 24)', 60_000));
    const packets = arrivedPackets(watch.find('192.0.2.1', 4000, 1, 7)!);
    const arrival = {
      seed: 1,
      sequence: 7,
      length: 60_000,
      intact: true,
      order: 3,
      source: '::1',
      sourcePort: 1,
      packets,
    };
    const bytes = encodeArrival(arrival);
    assert.ok(bytes.length < 1200, `${bytes.length} octets`);
    assert.deepEqual(parseArrival(bytes), arrival);
  });

  it('tells how a payload begins that nobody knows, and is never made for a report, which would be answered for ever', () => {
    const foreign = Buffer.alloc(60_000, 0xab);
    const head = arrivalHead(foreign)!;
    assert.equal(head, 'ab'.repeat(256));
    const told = { seed: -1, sequence: -1, length: 60_000, intact: null, order: 0, source: '::1', sourcePort: 1 };
    const bytes = encodeArrival({ ...told, packets: null, head });
    assert.ok(bytes.length < 1200, `${bytes.length} octets`);
    assert.deepEqual(parseArrival(bytes), { ...told, packets: null, head });
    assert.equal(arrivalHead(bytes), null);
  });

  it('is not seen in anything else', () => {
    for (const text of ['', 'udp-ufo arrival ', 'udp-ufo arrival {', 'udp-ufo arrival {"seed":"1"}', 'ufo!']) {
      assert.equal(parseArrival(Buffer.from(text)), null);
    }
  });
});
