import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EchoCheck, type EchoReport, echoExitCode, echoText } from '../../../src/app/send/echo.js';
import { makePayload } from '../../../src/payload/generated.js';

const SENT = 20;
const all = Array.from({ length: SENT }, (_, i) => i);

/** Sends 20 datagrams and lets `echo` answer. */
function report(echo: (check: EchoCheck) => void): Promise<EchoReport> {
  const check = new EchoCheck(7, 0);
  for (const sequence of all) check.left(sequence);
  echo(check);
  return check.finish(SENT, new AbortController().signal);
}
/** Answers to these, in this order. */
function answers({ take }: EchoCheck, numbers: readonly number[], change = (octets: Uint8Array): Uint8Array => octets) {
  for (const n of numbers) take(n === 5 ? change(answer(n)) : answer(n));
}
const answer = (sequence: number): Uint8Array => makePayload(40 + sequence, 7, sequence);

describe('an echo', () => {
  it('that sends all back is right, and its round trips are told', async () => {
    const got = await report((check) => answers(check, all));
    const { roundTrip, ...counts } = got;
    const none = { lost: 0, lostNumbers: [], doubled: 0, late: 0, lateBy: 0, altered: 0, mismatches: [] };
    assert.deepEqual(counts, { answered: SENT, ...none });
    assert.ok(roundTrip!.min > 0 && roundTrip!.min <= roundTrip!.median && roundTrip!.p99 <= roundTrip!.max);
    assert.equal(echoExitCode(got), 0);
    assert.match(
      echoText(got).join('\n'),
      /20 datagrams came back as sent, 0 did not come back; 0 altered.*\nround trip: min /,
    );
  });

  it('that loses some proves nothing: which did not come back is told', async () => {
    const got = await report((check) =>
      answers(
        check,
        all.filter((n) => n !== 3 && n !== 19),
      ),
    );
    assert.deepEqual([got.answered, got.lost, got.lostNumbers, echoExitCode(got)], [18, 2, [3, 19], 4]);
    assert.match(echoText(got)[0]!, /2 did not come back \(3, 19\);/);
    const silent = await report(() => {});
    assert.deepEqual([silent.answered, silent.lost, silent.roundTrip, echoExitCode(silent)], [0, SENT, null, 4]);
  });

  const wrong: [string, (octets: Uint8Array) => Uint8Array, RegExp, number][] = [
    [
      'alters an octet',
      (octets) => octets.map((one, i) => (i === 30 ? one ^ 1 : one)),
      /datagram 5: payload octet 30/,
      0,
    ],
    ['cuts', (octets) => octets.subarray(0, 30), /datagram 5: payload length got 30, want 45/, 0],
    ['sends something else', () => Buffer.from('hello'), /did not generate/, 1],
    ['makes up an answer', () => answer(500), /datagram 500 of seed 7, which was not sent/, 1],
    ['takes another seed', () => makePayload(45, 8, 5), /datagram 5 of seed 8, which was not sent/, 1],
  ];
  for (const [what, change, text, lost] of wrong) {
    it(`that ${what} is wrong`, async () => {
      const got = await report((check) => answers(check, all, change));
      assert.deepEqual([got.answered, got.altered, got.lost, echoExitCode(got)], [SENT - 1, 1, lost, 1]);
      assert.match(got.mismatches[0]!, text);
    });
  }

  it('that answers twice is wrong, and one that answers late is not', async () => {
    const doubled = await report((check) => answers(check, [...all, 4]));
    assert.deepEqual([doubled.answered, doubled.doubled, echoExitCode(doubled)], [SENT, 1, 1]);
    const late = await report((check) => answers(check, [0, ...all.slice(2), 1]));
    assert.deepEqual([late.answered, late.late, late.lateBy, echoExitCode(late)], [SENT, 1, 18, 0]);
  });

  it('is waited for as long as answers come, and no longer', async () => {
    const check = new EchoCheck(7, 30_000);
    for (const sequence of all) check.left(sequence);
    const begin = performance.now();
    const ended = check.finish(SENT, new AbortController().signal);
    setTimeout(() => answers(check, all), 50);
    assert.equal((await ended).answered, SENT);
    assert.ok(performance.now() - begin < 20_000, 'not after the last one');
  });

  it('is timed as far back as it is remembered', async () => {
    const check = new EchoCheck(7, 0);
    for (let n = 0; n < 200_000; n++) check.left(n);
    for (const n of [0, 150_000, 199_999]) check.take(makePayload(40, 7, n));
    const { answered, lost, roundTrip } = await check.finish(200_000, new AbortController().signal);
    assert.deepEqual([answered, lost], [3, 199_997]);
    assert.ok(roundTrip!.max < 10_000, `${roundTrip!.max}`); // that of number 0 is not known
  });
});
