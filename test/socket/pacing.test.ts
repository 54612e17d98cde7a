import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CREDIT_MS, RatePacer, type RateUnit } from '../../src/socket/pacing.js';

interface Sent {
  readonly at: number;
  readonly units: number;
}

/** Sends on an injected clock whose timers come late by what `late` gives, milliseconds. */
function simulate(rate: number, unit: RateUnit, gap: number, sizes: readonly number[], late: () => number): Sent[] {
  let now = 1000;
  const pacer = new RatePacer({ rate, unit, gap, clock: () => now });
  return sizes.map((size) => {
    const [fragments, bits] = [Math.ceil(size / 1480), size * 8];
    for (let wait = pacer.take(1, fragments, bits); wait > 0; wait = pacer.take(1, fragments, bits)) {
      now += Math.max(1, wait) + late();
    }
    return { at: now, units: unit === 'datagrams' ? 1 : unit === 'fragments' ? fragments : bits };
  });
}

const sizes = fc.array(fc.integer({ min: 28, max: 65_535 }), { minLength: 2, maxLength: 300 });
const unit = fc.constantFrom<RateUnit>('datagrams', 'fragments', 'bits');

describe('pacing', () => {
  it('never sends more in any stretch of time than the rate, the credit and one datagram', () => {
    fc.assert(
      fc.property(sizes, unit, fc.double({ min: 0.1, max: 1e6, noNaN: true }), fc.integer(), (all, of, speed, seed) => {
        const rate = of === 'bits' ? speed * 1e4 : speed;
        let state = seed;
        const sent = simulate(rate, of, 0, all, () => {
          state = (state * 48_271) % 2_147_483_647;
          return Math.abs(state) % 40;
        });
        for (let first = 0; first < sent.length; first += 7) {
          let units = 0;
          for (let last = first; last < sent.length; last++) {
            const allowed = (rate * (sent[last]!.at - sent[first]!.at + CREDIT_MS)) / 1000;
            assert.ok(units <= allowed * 1.000001 + 1e-6, `${units} units, ${allowed} allowed`);
            units += sent[last]!.units;
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('makes up for late timers: within 2% from 100 datagrams a second to a million', () => {
    for (const rate of [100, 1000, 33_333, 1_000_000]) {
      let turn = 0;
      const count = Math.max(200, rate);
      const sent = simulate(rate, 'datagrams', 0, new Array<number>(count).fill(1500), () => [0.1, 3, 11][turn++ % 3]!);
      const seconds = (sent.at(-1)!.at - sent[0]!.at) / 1000;
      const reached = (count - 1) / seconds;
      assert.ok(Math.abs(reached / rate - 1) < 0.02, `${reached} instead of ${rate}`);
    }
  });

  it('never undercuts the gap by more than a tenth', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50_000 }),
        fc.array(fc.double({ min: 0, max: 30, noNaN: true })),
        (gap, lates) => {
          let turn = 0;
          const late = () => lates[turn++ % Math.max(1, lates.length)] ?? 0;
          const sent = simulate(1e6, 'datagrams', gap, new Array<number>(40).fill(100), late);
          for (let i = 1; i < sent.length; i++) assert.ok(sent[i]!.at - sent[i - 1]!.at >= (0.9 * gap) / 1000 - 1e-9);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps a whole gap behind the first datagram too, and never forgets a deadline that was missed by less than a second', () => {
    let now = 0;
    const gapped = new RatePacer({ gap: 1000, clock: () => now });
    assert.equal(gapped.take(1, 1, 1), 0);
    assert.equal(gapped.take(1, 1, 1), 1);
    const rated = new RatePacer({ rate: 1000, clock: () => now });
    assert.equal(rated.take(1, 1, 1), 0);
    assert.equal(rated.take(1, 1, 1), 1);
    now = 500; // woken half a second late: 499 more are due
    let sent = 1;
    while (rated.take(1, 1, 1) === 0) sent += 1;
    assert.equal(sent, 501);
  });

  it('holds the gap on average where timers are late by less than a tenth of it', () => {
    let turn = 0;
    const sent = simulate(1e6, 'datagrams', 20_000, new Array<number>(200).fill(100), () => [0, 1.9, 0.3][turn++ % 3]!);
    const mean = (sent.at(-1)!.at - sent[0]!.at) / 199;
    assert.ok(Math.abs(mean - 20) < 0.2, `${mean} ms`);
  });

  it('lets everything through without a rate and a gap', () => {
    const pacer = new RatePacer({});
    for (let i = 0; i < 1000; i++) assert.equal(pacer.ready(45, 524_280), undefined);
  });

  it('on a real clock holds rate and gap, and sleeps in between', async () => {
    const pacer = new RatePacer({ rate: 100 });
    const start = performance.now();
    const cpu = process.cpuUsage();
    for (let i = 0; i < 41; i++) await pacer.ready(1, 12_000);
    const took = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    assert.ok(took >= 379 && took < 2000, `${took} ms`); // a loaded machine wakes us late; simulated time above is exact
    assert.ok((user + system) / 1000 < took * 0.4, `${(user + system) / 1000} ms of CPU`);
    let booked = 0; // its last look at the clock; this test may be resumed any time later
    const clock = () => {
      booked = performance.now();
      return booked;
    };
    const spaced = new RatePacer({ gap: 5000, clock });
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < 20; i++) {
      await spaced.ready(1, 12_000);
      assert.ok(booked - last >= 4.5 - 1e-6, `${booked - last} ms`);
      last = booked;
    }
  });

  it('rejects with the reason of the signal, before and during a wait', async () => {
    const pacer = new RatePacer({ rate: 0.01 });
    await pacer.ready(1, 1);
    const reason = new Error('enough');
    await assert.rejects(pacer.ready(1, 1, AbortSignal.abort(reason))!, reason);
    const abort = new AbortController();
    const pending = pacer.ready(1, 1, abort.signal)!;
    setTimeout(() => abort.abort(reason), 5);
    await assert.rejects(pending, reason);
  });

  it('refuses what is no rate and no gap', () => {
    for (const rate of [0, -1, Number.NaN]) assert.throws(() => new RatePacer({ rate }), /^RangeError: rate: got/);
    for (const gap of [-1, Number.NaN])
      assert.throws(() => new RatePacer({ gap }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
  });
});
