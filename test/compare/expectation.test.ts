import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { Expectation, type ExpectationOptions } from '../../src/compare/expectation.js';
import type { ExpectedDatagram } from '../../src/compare/expected.js';
import { makePayload } from '../../src/payload/generated.js';
import { segment } from '../../src/ufo/segment-datagram.js';
import { seenPayload } from '../../src/verify/sighting.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { verify } from '../../src/verify/verify.js';
import { cuts, flow4, flow6, fragment, frame, type Oddity, pattern, udpPacket } from '../verify/build.js';

const [SEED, LENGTH] = [7, 3000];
const GSO_SIZE = 1480;

const expected = (sequence: number, more: Partial<ExpectedDatagram> = {}): ExpectedDatagram => ({
  payload: { seed: SEED, sequence, length: LENGTH },
  ...more,
});

function packetsOf(payload: Uint8Array, ident = 1, flow = flow4, odd: Oddity = {}, gsoSize = GSO_SIZE): Uint8Array[] {
  const packet = udpPacket(flow, payload);
  return cuts(packet.length, gsoSize).map((piece) => fragment({ ...flow, ident }, packet, piece, odd));
}

const generated = (sequence: number, odd: Oddity = {}, gsoSize = GSO_SIZE): Uint8Array[] =>
  packetsOf(makePayload(LENGTH, SEED, sequence), sequence + 1, flow4, odd, gsoSize);

function judge(expectation: Expectation, packets: readonly Uint8Array[]): DatagramVerdict[] {
  const verifier = new Verifier({ sightings: true });
  const verdicts = [...verifier.push(packets.map((packet) => frame(packet))), ...verifier.end()];
  return verdicts.map((verdict) => expectation.take(verdict)?.verdict ?? verdict);
}

function compared(told: readonly ExpectedDatagram[], packets: readonly Uint8Array[], options?: ExpectationOptions) {
  const expectation = new Expectation(told, options);
  judge(expectation, packets);
  return expectation.result({ captureLost: 0 });
}

describe('what was sent', () => {
  it('is good when it came so', () => {
    const fields = { source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 1111, destinationPort: 9999 };
    const headers = { ttl: 64, tos: 0, df: false, vlan: '', options: '', checksum: 'computed' } as const;
    const sizes = [
      [1480, 2],
      [48, 1],
    ] as const;
    const told = [0, 1].map((i) => expected(i, { ...fields, ident: i + 1, fragments: 3, sizes, mtu: 1500, headers }));
    const result = compared(told, [...generated(0), ...generated(1)], { strict: true });
    assert.deepEqual([result.verdict, result.good, result.packets, result.late], ['good', 2, 6, 0]);
    assert.deepEqual(result.mismatches, []);
  });

  it('is missing or incomplete when it did not come or not whole, which is inconclusive and never bad', () => {
    const told = [0, 1, 2].map((sequence) => expected(sequence, { ident: sequence + 1 }));
    const result = compared(told, [...generated(0), ...generated(2).slice(1)], { strict: true });
    assert.deepEqual([result.missing, result.incomplete, result.verdict], [1, 1, 'inconclusive']);
  });

  it('counts once among generated ones that nobody told of, where it is wrong or not whole', () => {
    const flipped = (sequence: number, octet: number): Uint8Array[] => {
      const payload = makePayload(LENGTH, SEED, sequence);
      payload[octet]! ^= 4;
      return packetsOf(payload, sequence + 1);
    };
    const without = (sequence: number, piece: number): Uint8Array[] =>
      generated(sequence).filter((_, i) => i !== piece);
    const others = [0, 1, 2, 3, 4, 6, 7, 8].map((sequence) => generated(sequence));
    const counts = (packets: readonly Uint8Array[][]): readonly number[] => {
      const expectation = new Expectation([], { generated: 'all' });
      const verifier = new Verifier({ sightings: true });
      const frames = packets.flat().map((packet, i) => frame(packet, 1 + i * 1e-6));
      for (const one of [...verifier.push(frames), ...verifier.end()]) expectation.take(one);
      const { good, bad, incomplete, missing, doubled, late } = expectation.result({ captureLost: 0 });
      return [good, bad, incomplete, missing, doubled, late];
    };
    const amid = (odd: Uint8Array[]) => counts([...others.slice(0, 5), odd, ...others.slice(5)]);
    for (const octet of [0, 5, 10, 40, 1500, 2999])
      assert.deepEqual(amid(flipped(5, octet)), [8, 1, 0, 0, 0, 0], `${octet}`);
    for (const piece of [0, 1, 2]) assert.deepEqual(amid(without(5, piece)), [8, 0, 1, 0, 0, 0], `${piece}`);
    // The number of one at the end is nobody's that is missing.
    for (const piece of [0, 1, 2]) assert.deepEqual(counts([...others, without(9, piece)]), [8, 0, 1, 1, 0, 0]);
    assert.deepEqual(counts([...others, without(9, 0), generated(10)]), [9, 0, 1, 1, 0, 0]);
  });

  it('sent without a checksum over IPv6 is right so, and the text of another says what came (RFC 6935)', () => {
    const unsummed = (): Uint8Array[] => {
      const packet = udpPacket(flow6, makePayload(LENGTH, SEED, 0));
      packet.fill(0, 6, 8);
      return cuts(packet.length, 1448).map((piece) => fragment(flow6, packet, piece));
    };
    const zero = expected(0, { headers: { checksum: 'zero' } });
    const expectation = new Expectation([zero]);
    assert.deepEqual(
      [expectation.allowsZeroChecksum, new Expectation([expected(0)]).allowsZeroChecksum],
      [true, false],
    );
    const verifier = new Verifier({ sightings: true, allowZeroChecksum6: expectation.allowsZeroChecksum });
    for (const one of verifier.push(unsummed().map((packet) => frame(packet)))) expectation.take(one);
    for (const one of verifier.end()) expectation.take(one);
    assert.equal(expectation.result({ captureLost: 0 }).verdict, 'good');
    const { differences } = compared([zero], unsummed());
    assert.deepEqual(differences, [], 'it is zero, allowed or not');
  });

  it('wants the hash of what comes where that is what is known of it', () => {
    const sha256 = '5a'.repeat(32);
    const wants = [
      { length: 5, sha256 },
      { length: 5, digest: 'x' },
      { length: 5 },
      { length: 5, seed: 1, sequence: 2 },
    ];
    assert.deepEqual(
      wants.map((payload) => new Expectation([{ payload }]).wantsHash),
      [true, false, false, false],
    );
  });

  it('is refused by the name of what nobody can have sent', () => {
    for (const [given, text] of [
      [{ payload: { length: 1.5 } }, /^payload: .*want an object with length, and with seed and sequence/],
      [{ payload: { length: 1, seed: 1 } }, /^payload: .*want an object with length/],
      [{}, /^payload: got undefined/],
      [{ payload: { length: 1 }, ident: '7' }, /^ident: got "7", want a whole number/],
      [{ payload: { length: 1 }, source: 'here' }, /^source: got "here", want an IPv4 or IPv6 address, as text/],
      [{ payload: { length: 1 }, headers: { ttl: true } }, /^headers: .*want header fields/],
      [{ payload: { length: 1 }, other: 1 }, /other/],
    ] as const)
      assert.throws(() => new Expectation([given as never]), { code: 'ERR_UFO_INVALID_ARGUMENT', message: text });
  });

  it('is told of in twenty mismatches at most, and counted all the same', () => {
    const { mismatches, unexpected } = compared(
      [expected(0)],
      Array.from({ length: 25 }, (_, i) => packetsOf(pattern(100 + i), 10 + i)).flat(),
    );
    assert.deepEqual([mismatches.length, unexpected], [20, 25]);
  });

  it('has come once more where its hash is all that is known of it', () => {
    const payload = pattern(LENGTH);
    const sha256 = createHash('sha256').update(payload).digest('hex');
    const expectation = new Expectation([{ payload: { length: LENGTH, sha256 } }]);
    const verifier = new Verifier({ sightings: true, hash: true });
    for (const ident of [1, 2]) verifier.push(packetsOf(payload, ident).map((packet) => frame(packet)));
    for (const verdict of [...verifier.end()]) expectation.take(verdict);
    const { good, doubled, unexpected } = expectation.result({ captureLost: 0 });
    assert.deepEqual([good, doubled, unexpected], [1, 1, 0]);
  });

  it('has come once more with its payload, whatever the ident says', () => {
    const told = [0, 1].map((sequence) => expected(sequence, { ident: sequence + 1 }));
    const again = packetsOf(makePayload(LENGTH, SEED, 0), 2); // the ident of the other one
    const { good, doubled, missing } = compared(told, [...generated(0), ...again]);
    assert.deepEqual([good, doubled, missing], [1, 1, 1]);
  });

  it('is not counted twice where an incomplete one can not be known', () => {
    const result = compared([expected(0)], generated(0).slice(1));
    assert.deepEqual([result.missing, result.incomplete, result.verdict], [0, 1, 'inconclusive']);
  });

  it('that comes twice, under the same ident or another, is bad', () => {
    const again = packetsOf(makePayload(LENGTH, SEED, 0), 9);
    for (const more of [generated(0), again]) {
      const result = compared([expected(0)], [...generated(0), ...more]);
      assert.deepEqual([result.doubled, result.good, result.verdict], [1, 1, 'bad']);
    }
    const replayed = compared([expected(0)], [...generated(0), ...generated(0)], { repeats: true });
    assert.equal(replayed.verdict, 'good');
  });

  it('of which one packet comes twice is bad, unless its sender sends packets again', () => {
    const [a, b, c] = generated(0);
    for (const options of [{}, { repeats: true }]) {
      const { doubled, good, mismatches, verdict } = compared([expected(0)], [a!, b!, b!, c!], options);
      const said = ['1 of its packets came once more'];
      const want = 'repeats' in options ? [0, 1, [], 'good'] : [1, 1, said, 'bad'];
      assert.deepEqual([doubled, good, mismatches, verdict], want);
    }
  });

  it('that was never sent is bad', () => {
    const result = compared([expected(0)], [...generated(0), ...packetsOf(pattern(1500), 3)]);
    assert.deepEqual([result.unexpected, result.verdict], [1, 'bad']);
  });

  it('may come in another order, but not where nothing may change', () => {
    const told = [0, 1, 2, 3].map((sequence) => expected(sequence));
    const packets = [2, 0, 1, 3].flatMap((sequence) => generated(sequence));
    const result = compared(told, packets);
    assert.deepEqual([result.late, result.lateBy, result.verdict], [2, 2, 'good']);
    assert.equal(compared(told, packets, { strict: true }).verdict, 'bad');
  });

  it('with another octet is bad, whatever its checksum says', () => {
    const payload = makePayload(LENGTH, SEED, 0);
    payload[1234]! ^= 1;
    const [verdict] = judge(new Expectation([expected(0)]), packetsOf(payload));
    assert.equal(verdict!.udp!.checksum, 'good');
    assert.equal(verdict!.verdict, 'bad');
    assert.match(verdict!.mismatches[0]!, /^payload octet 1234 got another, want that of seed 7, datagram 0 as sent$/);
  });

  it('spliced from two datagrams is bad', () => {
    const payload = makePayload(LENGTH, SEED, 0);
    payload.set(makePayload(LENGTH, SEED, 1).subarray(1472), 1472);
    const [verdict] = judge(new Expectation([expected(0), expected(1)]), packetsOf(payload));
    assert.match(verdict!.mismatches[0]!, /^payload octet 147\d /);
  });

  it('with other addresses, ident or fragments is bad and names them', () => {
    const wanted = expected(0, { source: '192.0.2.7', destinationPort: 53, ident: 9, fragments: 45 });
    const [verdict] = judge(new Expectation([wanted]), packetsOf(makePayload(LENGTH, SEED, 0), 10));
    assert.deepEqual(verdict!.mismatches, [
      'source got 192.0.2.1, want 192.0.2.7 as sent',
      'destinationPort got 9999, want 53 as sent',
      'ident got 10, want 9 as sent',
      'fragments got 3, want 45 as sent',
    ]);
  });

  it('is not compared where its hash or digest is all that is known of it, and none was made of what came', async () => {
    const payload = new Uint8Array(4000);
    const sha256 = createHash('sha256').update(payload).digest('hex');
    const ends = { source: { address: '2001:db8::1', port: 1 }, destination: { address: '2001:db8::2', port: 2 } };
    const frames = [...segment({ ...ends, payload })];
    for (const [hash, wanted, verdict] of [
      [true, sha256, 'good'],
      [true, sha256.toUpperCase(), 'good'],
      [false, sha256, 'inconclusive'],
      [false, sha256.toUpperCase(), 'inconclusive'],
      [true, createHash('sha256').update('another').digest('hex'), 'bad'],
    ] as const) {
      const expect = new Expectation([{ payload: { sha256: wanted, length: 4000 } }]);
      for await (const one of verify([frames] as never, { expect, hash }))
        assert.equal(one.verdict, verdict === 'bad' ? 'bad' : 'good', `${hash} ${wanted}`);
      const result = expect.result({ captureLost: 0 });
      assert.deepEqual([result.verdict, result.uncompared], [verdict, verdict === 'inconclusive' ? 1 : 0]);
      assert.equal(result.missing, verdict === 'bad' ? 1 : 0);
    }
  });

  it('is told of by the very object that it was told by', () => {
    const told = { source: '192.0.2.1', destination: '192.0.2.2', ...expected(0) };
    const expectation = new Expectation([told]);
    assert.equal(expectation.missing()[0], told);
  });

  it('is known by its address however that is written', async () => {
    const ends = { source: { address: '2001:db8::1', port: 1 }, destination: { address: '2001:db8::2', port: 2 } };
    const frames = [...segment({ ...ends, payload: new Uint8Array(4000) })];
    for (const destination of ['2001:db8::2', '2001:DB8::2', '2001:db8:0:0:0:0:0:2', '2001:0db8::0.0.0.2']) {
      const source = destination.replace(/2$/, '1');
      const expect = new Expectation([{ source, destination, payload: { length: 4000 } }]);
      for await (const { verdict } of verify([frames] as never, { expect })) assert.equal(verdict, 'good', destination);
      assert.equal(expect.result({ captureLost: 0 }).verdict, 'good', destination);
    }
  });

  it('is known by its digest, hash, ident or length where it was not generated', () => {
    const payload = pattern(2000);
    const { digest } = seenPayload(payload);
    const sha256 = createHash('sha256').update(payload).digest('hex');
    const length = 2000;
    for (const wanted of [{ digest: digest!, length }, { sha256, length }, { length }]) {
      assert.equal(compared([{ payload: wanted }], packetsOf(payload, 5, flow6)).verdict, 'good');
      const other = compared([{ ident: 5, payload: wanted }], packetsOf(pattern(2000, 3), 5, flow6));
      assert.equal(other.verdict, 'digest' in wanted || 'sha256' in wanted ? 'bad' : 'good');
    }
  });

  it('is counted as told, as judged, and as expected where anybody told of it', () => {
    const planned = { plan: 'p', verdict: 'good', faults: [], packets: [], copies: 0 } as const;
    const expectation = new Expectation([expected(0), expected(1), expected(2, { planned })]);
    assert.deepEqual([expectation.told, expectation.judged], [3, 1]); // of the third nothing was sent
    judge(expectation, generated(0));
    assert.deepEqual([expectation.told, expectation.judged], [3, 2]);
    const { expected: count, planned: made, missing } = expectation.result({ captureLost: 0 });
    assert.deepEqual([count, made, missing], [3, 1, 1]);
    for (const [generatedToo, told, want] of [
      ['all', 0, null],
      ['all', 2, 2],
      [undefined, 0, 0],
    ] as const) {
      const one = new Expectation(
        Array.from({ length: told }, (_, i) => expected(i)),
        generatedToo === undefined ? {} : { generated: generatedToo },
      );
      assert.equal(one.result({ captureLost: 0 }).expected, want);
    }
  });

  it('stopped midway is neither missing nor incomplete', () => {
    const told = [expected(0), expected(1, { ident: 2, stoppedAfter: 2 }), expected(2, { ident: 3, stoppedAfter: 1 })];
    const result = compared(told, [...generated(0), ...generated(1).slice(0, 2)]);
    assert.deepEqual([result.expected, result.stopped, result.missing, result.verdict], [1, 1, 0, 'good']);
  });

  it('stopped before its first packet is not missing either', () => {
    const expectation = new Expectation([expected(0), expected(1, { stoppedAfter: 0 })]);
    judge(expectation, generated(0));
    assert.deepEqual(expectation.missing(), []);
    const { missing, verdict } = expectation.result({ captureLost: 0 });
    assert.deepEqual([missing, verdict], [0, 'good']);
  });
});

describe('a header field that was asked for', () => {
  const ipv4 = { ttl: 64, tos: 0, df: false, options: '', vlan: '' };
  const FIELDS: readonly (readonly [string, Oddity, string, string, boolean])[] = [
    ['ttl', { ttl: 9 }, '64', '9', true],
    ['dscp', { tos: 0xa0 }, '0', '40 (cs5)', true],
    ['ecn', { tos: 3 }, '0', '3', true],
    ['df', { dontFragment: true }, '0', '1', false],
    ['options', { options: Uint8Array.of(148, 4, 0, 0) }, 'none', '94040000', false],
  ];
  for (const [field, odd, from, to, onTheWay] of FIELDS) {
    it(`${field}: is told with from and to, and ${onTheWay ? 'fails only where nothing may change' : 'fails'}`, () => {
      const told = [expected(0, { headers: ipv4 })];
      const result = compared(told, generated(0, odd));
      const [difference] = onTheWay ? result.changed : result.differences;
      assert.deepEqual(difference, { field, from, to, onTheWay, datagrams: 1 });
      assert.equal(result.verdict, onTheWay ? 'good' : 'bad');
      assert.equal(compared(told, generated(0, odd), { strict: true }).verdict, 'bad');
    });
  }

  it('is told with all others where there are too many kinds', () => {
    const many = Array.from({ length: 70 }, (_, sequence) =>
      expected(sequence, { headers: ipv4, ident: 900 + sequence }),
    );
    const { differences, changed } = compared(
      many,
      many.flatMap((_, sequence) => generated(sequence, sequence < 66 ? {} : { ttl: 9 })),
    );
    assert.deepEqual([differences.length, changed.length], [65, 1]);
    const further = { field: 'further fields', from: 'various', to: 'others' };
    assert.deepEqual(differences.at(-1), { ...further, onTheWay: false, datagrams: 6 });
    assert.deepEqual(changed, [{ ...further, onTheWay: true, datagrams: 4 }]);
  });

  it('over IPv6: the flow label and extension headers', () => {
    const told = { headers: { flowLabel: 0, extensionHeaders: '2c00010400000000' } };
    const result = compared([expected(0, told)], packetsOf(makePayload(LENGTH, SEED, 0), 1, flow6));
    assert.deepEqual(
      result.differences.map(({ field, to }) => [field, to]),
      [
        ['extension headers', 'none'],
        ['flow label', `${0x12345}`],
      ],
    );
  });

  it('that differs in one fragment only is seen', () => {
    const [first, second, third] = generated(0);
    const changed = compared([expected(0, { headers: ipv4 })], [first!, generated(0, { ttl: 63 })[1]!, third!]);
    assert.ok(second);
    assert.deepEqual(
      changed.changed.map(({ field, to }) => [field, to]),
      [['ttl', '63']],
    );
  });

  it('may be an option that routers write, which is no fault', () => {
    const route = (pointer: number): Uint8Array => Uint8Array.of(7, 7, pointer, 192, 0, 2, 9, 1);
    const told = [expected(0, { headers: { options: Buffer.from(route(4)).toString('hex') } })];
    const payload = makePayload(LENGTH, SEED, 0);
    const result = compared(told, packetsOf(payload, 1, flow4, { options: route(8) }, LENGTH + 8));
    assert.deepEqual([result.changed.length, result.verdict], [1, 'good']);
  });
});

describe('the cut that was made', () => {
  const sizes = [
    [1480, 2],
    [48, 1],
  ] as const;

  it('cut smaller by a router is changed on the way, but not with DF, and not over IPv6', () => {
    const told = (df: boolean) => [expected(0, { fragments: 3, sizes, headers: { df } })];
    const smaller = generated(0, {}, 976);
    const result = compared(told(false), smaller);
    assert.deepEqual(result.changed, [
      { field: 'largest packet', from: '1500', to: '996', onTheWay: true, datagrams: 1 },
    ]);
    assert.equal(result.verdict, 'good');
    assert.equal(compared(told(false), smaller, { strict: true }).verdict, 'bad');
    assert.equal(compared(told(true), smaller).verdict, 'bad');
    const six = packetsOf(makePayload(LENGTH, SEED, 0), 1, flow6, {}, 976);
    assert.equal(compared([expected(0, { fragments: 3, sizes })], six).verdict, 'bad');
  });

  it('with as many but other pieces, or with packets above the MTU, is bad', () => {
    const other = compared([expected(0, { fragments: 3, sizes })], generated(0, {}, 1472));
    assert.deepEqual(
      other.differences.map(({ field, to }) => [field, to]),
      [['sizes', '2 × 1472, 64']],
    );
    const large = compared([expected(0, { mtu: 600 })], generated(0));
    assert.deepEqual(
      large.differences.map(({ field, from }) => [field, from]),
      [['largest packet', 'at most 600']],
    );
  });
});

describe('generated payloads that nobody told of', () => {
  const run = (order: readonly number[], from: 'all' | 'running' = 'all') =>
    compared(
      [],
      order.flatMap((sequence) => generated(sequence)),
      { generated: from },
    );

  for (const [what, order, figures] of [
    ['all of them', [0, 1, 2], [0, 0, 0, 'good']],
    ['some missing between', [0, 3, 4], [2, 0, 0, 'inconclusive']],
    ['some missing at the beginning', [2, 3], [2, 0, 0, 'inconclusive']],
    ['one late', [0, 2, 1], [0, 0, 1, 'good']],
  ] as const) {
    it(`${what}: missing ${figures[0]}, late ${figures[2]}, ${figures[3]}`, () => {
      const { missing, doubled, late, verdict } = run(order);
      assert.deepEqual([missing, doubled, late, verdict], figures);
    });
  }

  it('doubled under another ident, or packet by packet, are bad', () => {
    const again = packetsOf(makePayload(LENGTH, SEED, 1), 77);
    for (const more of [again, generated(1)]) {
      const result = compared([], [...generated(0), ...generated(1), ...more], { generated: 'all' });
      assert.deepEqual([result.doubled, result.verdict], [1, 'bad']);
    }
  });

  it('that were there before anybody looked are not missing', () =>
    assert.equal(run([5, 6], 'running').verdict, 'good'));

  it('that are no generated ones are bad', () => {
    const result = compared([], packetsOf(pattern(2000)), { generated: 'all' });
    assert.deepEqual([result.bad, result.verdict], [1, 'bad']);
  });

  it('looks at what a caller tells, and not again at what was read from a file', () => {
    const strange = { payload: { length: 1 }, way: 7 } as never;
    const expectation = new Expectation();
    assert.throws(() => expectation.add(strange), { name: 'TypeError', message: /^way: got 7/ });
    expectation.addChecked(strange);
    assert.equal(expectation.told, 1);
  });
});
