import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Comparison } from '../../src/compare/comparison.js';
import { Expectation } from '../../src/compare/expectation.js';
import { FrameExpectation } from '../../src/compare/frames/expectation.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { compared } from '../app/compare/held-file.js';
import { Random } from './random.js';
import { captureOf, cutAgain, LINK_LEN, type Sent, someSent, withOctet } from './sent-capture.js';

const CAPTURES = 40;
const SEED = 26;

/** What is said of a capture: by the RFCs, by what was sent, and by its frames. */
interface Said {
  readonly verdicts: readonly DatagramVerdict[];
  readonly expected: Comparison;
  readonly frames: Comparison;
}

function said(sent: readonly Sent[], before: readonly Frame[], seen: readonly Frame[]): Said {
  const expectation = new Expectation(sent.map(({ expected }) => expected));
  const verifier = new Verifier({ sightings: true, hash: false });
  const verdicts = [...verifier.push(seen), ...verifier.end()];
  for (const verdict of verdicts) expectation.take(verdict);
  const frames = new FrameExpectation({ sameLink: true });
  for (const frame of before) frames.add(frame);
  for (const frame of seen) frames.take(frame);
  const end = { captureLost: 0 };
  return { verdicts, expected: expectation.result(end), frames: frames.result(end) };
}

/** Outcomes of `compare --against`, sorted, and how many packets it found twice. */
async function cutsOf(seen: readonly Frame[]): Promise<{ cuts: readonly string[]; doubled: number }> {
  const { all, end } = await compared(seen);
  return { cuts: all.map(({ cuts }) => cuts[0]!.outcome).sort(), doubled: end.doubled };
}

/** Verdicts by kind. */
function kinds(verdicts: readonly DatagramVerdict[]): string[] {
  return verdicts.map(({ verdict }) => verdict).sort();
}

const times = (count: number, word: string): string[] => Array<string>(count).fill(word);

/** A capture for each number, as it was sent; what fails says which. */
function eachCapture(
  what: string,
  check: (sent: readonly Sent[], before: readonly Frame[], random: Random) => Promise<void> | void,
): void {
  it(what, async () => {
    for (let i = 0; i < CAPTURES; i++) {
      const random = new Random(SEED, i);
      const sent = someSent(random);
      const before = captureOf(
        sent.map(({ frames }) => frames),
        random,
        'in turn',
      );
      try {
        await check(sent, before, random);
      } catch (cause) {
        throw new Error(`capture ${i} of seed ${SEED}: ${(cause as Error).message}`, { cause });
      }
    }
  });
}

describe('captures that were made up, held against what was sent', () => {
  eachCapture('are good, and cut as we do, where all came', async (sent, before) => {
    const { verdicts, expected, frames } = said(sent, before, before);
    assert.deepEqual(kinds(verdicts), times(sent.length, 'good'));
    assert.deepEqual([expected.verdict, expected.good, frames.verdict], ['good', sent.length, 'good']);
    assert.deepEqual([expected.changed, frames.changed, frames.late], [[], [], 0]);
    assert.deepEqual((await cutsOf(before)).cuts, times(sent.length, 'equal'));
  });

  eachCapture('are the same in another order, with what came twice counted', async (sent, before, random) => {
    const mixed = captureOf(
      sent.map(({ frames }) => frames),
      random,
      'mixed',
    );
    const shuffled = said(sent, before, mixed);
    assert.deepEqual(kinds(shuffled.verdicts), times(sent.length, 'good'));
    assert.deepEqual([shuffled.expected.verdict, shuffled.frames.verdict], ['good', 'good']);
    const doubled = captureOf([mixed.flatMap((frame) => [frame, frame])], random, 'in turn');
    const twice = said(sent, before, doubled);
    const held = await cutsOf(doubled);
    assert.ok(
      held.cuts.every((outcome) => outcome === 'equal' || outcome === 'explained'),
      `${held.cuts}`,
    );
    assert.ok(kinds(twice.verdicts).every((verdict) => verdict === 'good'));
    const fragments = sent.filter(({ frames }) => frames.length > 1).flatMap(({ frames }) => frames).length;
    assert.equal(
      twice.verdicts.reduce((sum, { duplicates }) => sum + duplicates, 0),
      fragments,
    );
    assert.deepEqual([twice.frames.doubled, held.doubled], [before.length, fragments]);
    assert.deepEqual([twice.expected.good, twice.expected.bad, twice.expected.unexpected], [sent.length, 0, 0]);
  });

  eachCapture('are never bad for what is missing, and all of that is counted', async (sent, before, random) => {
    const gone = new Set(before.filter(() => random.once(3)));
    if (gone.size === 0 || gone.size === before.length) return;
    const seen = before.filter((one) => !gone.has(one));
    const { verdicts, expected, frames } = said(sent, before, seen);
    const left = sent.map((one) => ({ all: one.frames.length, came: cameOf(one, before, gone) }));
    const whole = left.filter(({ all, came }) => all === came).length;
    const none = left.filter(({ came }) => came === 0).length;
    const part = sent.length - whole - none;
    assert.deepEqual(kinds(verdicts), [...times(whole, 'good'), ...times(part, 'incomplete')]);
    assert.deepEqual([expected.good, expected.incomplete, expected.missing], [whole, part, none]);
    assert.deepEqual([expected.verdict, expected.bad, expected.unexpected], ['inconclusive', 0, 0]);
    assert.deepEqual([frames.verdict, frames.missing, frames.bad], ['inconclusive', gone.size, 0]);
    assert.deepEqual((await cutsOf(seen)).cuts, [...times(whole, 'equal'), ...times(part, 'lost')]);
  });

  eachCapture('are bad where an octet of a payload is another', async (sent, before, random) => {
    const place = somePlace(sent, random);
    if (place === null) return;
    const { frame, at } = place;
    const odd = withOctet(before[frame]!, at, (octet) => octet ^ (1 + random.below(255)));
    const seen = before.with(frame, odd);
    const { verdicts, expected, frames } = said(sent, before, seen);
    assert.deepEqual(kinds(verdicts), ['bad', ...times(sent.length - 1, 'good')]);
    assert.deepEqual([expected.verdict, expected.good], ['bad', sent.length - 1]);
    assert.deepEqual([frames.verdict, frames.bad, frames.missing], ['bad', 1, 0]);
    assert.deepEqual((await cutsOf(seen)).cuts, ['different', ...times(sent.length - 1, 'equal')]);
  });

  eachCapture('are bad where words changed places, which no checksum sees', async (sent, before, random) => {
    const place = somePlace(sent, random);
    if (place === null || place.room < 4) return;
    const { bytes } = before[place.frame]!;
    const odd = bytes.slice();
    odd.set(bytes.subarray(place.from + 2, place.from + 4), place.from);
    odd.set(bytes.subarray(place.from, place.from + 2), place.from + 2);
    if (Buffer.compare(odd, bytes) === 0) return;
    const seen = before.with(place.frame, { ...before[place.frame]!, bytes: odd });
    const { verdicts, expected, frames } = said(sent, before, seen);
    assert.deepEqual(kinds(verdicts), times(sent.length, 'good'));
    assert.deepEqual([expected.verdict, expected.good, frames.verdict], ['bad', sent.length - 1, 'bad']);
  });

  eachCapture('are not as they were sent where any octet of a header is another', async (sent, before, random) => {
    const frame = random.below(before.length);
    const headLen = sent.flatMap(({ headLens }) => headLens)[frame]!;
    for (let tries = 0; tries < 30; tries++) {
      const at = random.below(headLen);
      const bits = random.once(2) ? 1 << random.below(8) : 1 + random.below(255);
      const odd = withOctet(before[frame]!, at, (octet) => octet ^ bits);
      const frames = new FrameExpectation({ sameLink: true });
      for (const one of before) frames.add(one);
      for (const one of before.with(frame, odd)) frames.take(one);
      const { verdict, changed } = frames.result({ captureLost: 0 });
      assert.ok(verdict !== 'good' || changed.length > 0, `octet ${at} of frame ${frame + 1}`);
    }
  });

  eachCapture('are explained where a router cut them again', async (sent, before, random) => {
    const victim = random.pick(sent);
    const least = Math.max(68, victim.mtu >> 1);
    if (victim.family === 6 || victim.frames.length < 2 || least >= victim.mtu) return;
    const mtu = least + random.below(victim.mtu - least);
    const again = victim.frames.flatMap((frame) => (frame.len - LINK_LEN > mtu ? cutAgain(frame, mtu) : [frame]));
    const seen = captureOf(
      sent.map((one) => (one === victim ? again : one.frames)),
      random,
      'in turn',
    );
    const { verdicts, expected, frames } = said(sent, before, seen);
    assert.deepEqual(kinds(verdicts), times(sent.length, 'good'));
    assert.deepEqual([expected.verdict, expected.good, frames.verdict], ['good', sent.length, 'good']);
    const { cuts } = await cutsOf(seen);
    assert.ok(!cuts.includes('different') && !cuts.includes('lost'), `${cuts}`);
  });
});

/** Frames of a datagram that are left; `captureOf` has made others of them, in order. */
function cameOf({ frames }: Sent, before: readonly Frame[], gone: ReadonlySet<Frame>): number {
  return frames.filter(({ bytes }) => before.some((one) => one.bytes === bytes && !gone.has(one))).length;
}

/** An octet of payload of some frame; null where no datagram has any. `from`: the first of that frame, at an even place. */
function somePlace(sent: readonly Sent[], random: Random) {
  const places = sent
    .flatMap(({ frames, headLens }) => frames.map(({ len }, i) => ({ from: headLens[i]!, room: len - headLens[i]! })))
    .map((one, frame) => ({ ...one, frame }))
    .filter(({ room }) => room > 0);
  if (places.length === 0) return null;
  const place = random.pick(places);
  return { ...place, at: place.from + random.below(place.room) };
}
