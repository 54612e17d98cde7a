import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameExpectation, type FrameExpectationOptions } from '../../../src/compare/frames/expectation.js';
import { plan } from '../../../src/faults/plan.js';
import { makePayload } from '../../../src/payload/generated.js';
import { segment } from '../../../src/ufo/segment-datagram.js';
import { type Frame, frameData } from '../../../src/wire/frame.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import { LINKTYPE_ETHERNET } from '../../../src/wire/link-layer.js';
import { WAYS } from '../../faults/cut.js';

const ETHERNET = { 4: '0200000000020200000000010800', 6: '02000000000202000000000186dd' } as const;
const LINK_LEN = 14;

/** The frames of a datagram of 4,000 octets. */
function sentFrames(family: 4 | 6, steps = 'repeat(1)', ident = 7): Frame[] {
  const linkHeader = Uint8Array.from(Buffer.from(ETHERNET[family], 'hex'));
  const more = { payload: makePayload(4000, 1, ident), ident, linkHeader, plan: plan(steps) };
  return [...segment({ ...WAYS[family], ...more })];
}

function changed(frame: Frame, change: (octets: Uint8Array, view: DataView) => void): Frame {
  const bytes = Uint8Array.from(frameData(frame));
  change(bytes, new DataView(bytes.buffer));
  return { ...frame, bytes, offset: 0, caplen: bytes.length, len: bytes.length };
}

function lowerTtl(frame: Frame, family: 4 | 6): Frame {
  return changed(frame, (octets, view) => {
    octets[LINK_LEN + (family === 4 ? 8 : 7)]! -= 3;
    if (family === 4) ipv4.fillChecksum(view, LINK_LEN);
  });
}

function held(sent: readonly Frame[], seen: readonly Frame[], options: FrameExpectationOptions = {}, captureLost = 0) {
  const expectation = new FrameExpectation(options);
  for (const frame of sent) expectation.add(frame);
  for (const frame of seen) expectation.take(frame);
  return expectation.result({ captureLost });
}

describe('frames that hold no packet', () => {
  it('an IPv4 length shorter than its header is a frame like any other: known again, told as changed or missing', () => {
    const [whole] = sentFrames(4);
    for (let totLen = 0; totLen <= 24; totLen++) {
      const odd = changed(whole!, (_, view) => ipv4.setTotLen(view, LINK_LEN, totLen));
      assert.equal(held([odd], [odd], { strict: true }).verdict, 'good', `${totLen}`);
      assert.equal(held([odd], []).missing, 1, `${totLen}`);
      assert.equal(held([whole!], [odd]).good, 0, `${totLen}`);
    }
  });
});

describe('frames held against frames', () => {
  for (const family of [4, 6] as const) {
    const sent = sentFrames(family);

    it(`calls IPv${family} bad that came with another version, and names it`, () => {
      for (const bit of [0x10, 0x20, 0x40, 0x80]) {
        const odd = changed(sent[1]!, (octets) => {
          octets[LINK_LEN]! ^= bit;
        });
        const { bad, good, mismatches } = held(sent, sent.with(1, odd));
        assert.deepEqual([bad, good], [1, sent.length - 1]);
        const [want, got] = [frameData(sent[1]!)[LINK_LEN]!, frameData(sent[1]!)[LINK_LEN]! ^ bit];
        const text = `octet 0 got 0x${got.toString(16).padStart(2, '0')}, want 0x${want.toString(16)} as sent`;
        assert.ok(mismatches.at(-1)!.endsWith(text), mismatches.at(-1));
      }
    });

    it(`calls IPv${family} good that came as it was sent, padded or not`, () => {
      const padded = sent.map((frame) => changed({ ...frame }, () => {}));
      assert.equal(held(sent, padded, { strict: true, sameLink: true }).verdict, 'good');
      const behind = { ...sent.at(-1)!, bytes: Buffer.concat([frameData(sent.at(-1)!), new Uint8Array(7)]), offset: 0 };
      const trailed = { ...behind, caplen: behind.bytes.length, len: behind.bytes.length };
      assert.equal(held(sent, [...sent.slice(0, -1), trailed], { strict: true, sameLink: true }).verdict, 'good');
    });

    it(`tells what routers write over IPv${family} as changed, and fails for it only where nothing may change`, () => {
      const seen = sent.map((frame) => lowerTtl(frame, family));
      const loose = held(sent, seen);
      assert.equal(loose.verdict, 'good', JSON.stringify(loose));
      assert.deepEqual(loose.changed, [{ field: 'ttl', from: '64', to: '61', onTheWay: true, datagrams: sent.length }]);
      assert.equal(held(sent, seen, { strict: true }).verdict, 'bad');
    });

    it(`names the octet that differs in IPv${family}, and calls the frame bad and not lost`, () => {
      const seen = sent.map((frame, i) => (i === 1 ? changed(frame, (octets) => (octets[200]! ^= 1)) : frame));
      const { verdict, bad, missing, late, differences, mismatches } = held(sent, seen);
      assert.deepEqual({ verdict, bad, missing, late }, { verdict: 'bad', bad: 1, missing: 0, late: 0 });
      assert.equal(differences[0]!.field, 'octet 186');
      assert.match(mismatches[0]!, /octet 186 got 0x.., want 0x.. as sent/);
    });

    it(`calls a frame of IPv${family} that did not come lost, which proves nothing`, () => {
      const { verdict, missing } = held(sent, sent.slice(1));
      assert.deepEqual({ verdict, missing }, { verdict: 'inconclusive', missing: 1 });
    });

    it(`calls one of IPv${family} that came once more doubled, unless the file has it twice`, () => {
      assert.deepEqual(held(sent, [...sent, sent[0]!]).doubled, 1);
      const twice = sentFrames(family, 'duplicate(1)');
      assert.equal(held(twice, twice).verdict, 'good');
      assert.equal(held(twice, twice.slice(1)).missing, 1);
    });

    it(`tells that IPv${family} came in another order, and fails for it only where nothing may change`, () => {
      const { verdict, late, lateBy } = held(sent, sent.toReversed());
      assert.deepEqual({ verdict, late, lateBy }, { verdict: 'good', late: 2, lateBy: 2 });
      assert.equal(held(sent, sent.toReversed(), { strict: true }).verdict, 'bad');
    });

    it(`calls octets bad that claim to be a piece of IPv${family} and that nobody sent`, () => {
      const other = sentFrames(family, 'corrupt(2, 100)')[1]!;
      const { verdict, unexpected } = held(sent, [...sent, other]);
      assert.deepEqual({ verdict, unexpected }, { verdict: 'bad', unexpected: 1 });
      assert.equal(
        held(sent, [...sent, ...sentFrames(family, 'repeat(1)', 99)]).verdict,
        'good',
        'others are no business',
      );
    });
  }

  it('promises an order within a flow, and none between two', () => {
    const sent = [sentFrames(4), sentFrames(6)];
    const apart = held(sent.flat(), sent.toReversed().flat(), { strict: true });
    assert.deepEqual([apart.verdict, apart.late], ['good', 0]);
    const within = held(sent.flat(), [...sent[1]!, ...sent[0]!.toReversed()]);
    assert.deepEqual([within.late, within.lateBy], [2, 2]);
  });

  it('knows what a router with a smaller MTU has cut again', () => {
    const sent = sentFrames(4);
    const small = sent.flatMap((frame) => cutAgain(frame, 700));
    const { verdict, good, late, changed: told } = held(sent, small);
    assert.deepEqual({ verdict, good, late }, { verdict: 'good', good: sent.length, late: 0 }, JSON.stringify(told));
    assert.ok(told.some(({ field, from, to }) => field === 'largest packet' && from === '1500' && Number(to) <= 720));
    const lost = held(sent, small.slice(1));
    assert.deepEqual([lost.verdict, lost.incomplete, lost.missing], ['inconclusive', 1, 0]);
  });

  it('compares Ethernet addresses on the same link only', () => {
    const sent = sentFrames(4);
    const seen = sent.map((frame) => changed(frame, (octets) => (octets[5]! ^= 1)));
    assert.equal(held(sent, seen).verdict, 'good');
    assert.equal(held(sent, seen, { strict: true, sameLink: true }).verdict, 'bad');
  });

  it('holds frames of other protocols octet by octet', () => {
    const octets = Buffer.from(
      'ffffffffffff0200000000010806000108000604000102000000000111c000020100000000000011c0000202',
      'hex',
    );
    const arp = { bytes: octets, offset: 0, caplen: octets.length, len: octets.length, linktype: LINKTYPE_ETHERNET };
    const frame = { ...arp, seconds: 0, nanoseconds: 0 };
    assert.equal(held([frame], [frame]).verdict, 'good');
    assert.equal(held([frame], [changed(frame, (bytes) => (bytes[30]! ^= 1))]).verdict, 'bad');
  });

  it('proves nothing of what a capture has cut or lost', () => {
    const sent = sentFrames(4);
    const cut = sent.map((frame) => ({ ...frame, caplen: 60 }));
    assert.equal(held(sent, cut).verdict, 'inconclusive');
    assert.equal(held(sent, sent, {}, 1).verdict, 'inconclusive');
  });
});

/** As a router cuts again. */
function cutAgain(frame: Frame, room: number): Frame[] {
  const octets = frameData(frame);
  const header = octets.subarray(0, LINK_LEN + ipv4.HEADER_LEN);
  const payload = octets.subarray(header.length);
  const word = ipv4.getFragWord(new DataView(Uint8Array.from(header).buffer), LINK_LEN);
  const step = room & ~7;
  const pieces: Frame[] = [];
  for (let at = 0; at < payload.length; at += step) {
    const piece = payload.subarray(at, at + step);
    const bytes = Uint8Array.from(Buffer.concat([header, piece]));
    const view = new DataView(bytes.buffer);
    const more = at + step < payload.length ? ipv4.MF : word & ipv4.MF;
    ipv4.setFragOff(view, LINK_LEN, more | ((word & ipv4.FRAG_OFF_MASK) + at / 8));
    ipv4.setTotLen(view, LINK_LEN, ipv4.HEADER_LEN + piece.length);
    ipv4.fillChecksum(view, LINK_LEN);
    pieces.push({ ...frame, bytes, offset: 0, caplen: bytes.length, len: bytes.length });
  }
  return pieces;
}
