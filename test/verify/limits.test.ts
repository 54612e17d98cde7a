import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier, type VerifierOptions } from '../../src/verify/verifier.js';
import { type Flow, flow4, flow6, fragments, frame, pattern, udpPacket } from './build.js';

/** A fragment that others are to follow. */
function begun(flow: Flow, ident: number, time: number) {
  const own = { ...flow, ident };
  return frame(fragments(own, udpPacket(own, pattern(200)), 64)[0]!, time);
}
function complete(flow: Flow, ident: number, time: number) {
  const own = { ...flow, ident };
  return fragments(own, udpPacket(own, pattern(200)), 64).map((octets) => frame(octets, time));
}
const shown = (verdicts: readonly DatagramVerdict[]) =>
  verdicts.map(({ family, ident, verdict }) => `${family} ${ident} ${verdict}`);
const verifier = (limits: VerifierOptions['limits'] = {}) =>
  new Verifier({ hash: false, limits: { holdTime: 0, ...limits } });

describe('what is incomplete', () => {
  it('is given up at its time, and not before: 30 s over IPv4, 60 s over IPv6', () => {
    for (const [flow, timeout] of [
      [flow4, 30],
      [flow6, 60],
    ] as const) {
      const judge = verifier();
      judge.push([begun(flow, 1, 1000)]);
      assert.deepEqual(judge.advance(1000 + timeout - 0.001), []);
      const verdicts = judge.advance(1000 + timeout);
      assert.deepEqual(shown(verdicts), [`${flow.family} 1 incomplete`]);
      assert.deepEqual(verdicts[0]!.notes, [`given up: incomplete for ${timeout} s`]);
      assert.deepEqual(judge.advance(5000), []);
    }
  });

  it('is given up by frames that come as well as by time that passes', () => {
    const judge = verifier();
    judge.push([begun(flow4, 1, 1000), begun(flow6, 2, 1001)]);
    assert.deepEqual(shown(judge.push([begun(flow4, 3, 1030)])), ['4 1 incomplete']);
    assert.deepEqual(shown(judge.push([begun(flow4, 4, 1059.5)])), []);
    assert.deepEqual(shown(judge.push([begun(flow4, 5, 1061)])), ['4 3 incomplete', '6 2 incomplete']);
  });

  it('begins its time anew where the clock jumped back by more than that', () => {
    const judge = verifier();
    judge.push([begun(flow4, 1, 1000)]);
    assert.deepEqual(judge.advance(969), []); // from now on
    assert.deepEqual(judge.advance(998.9), []);
    assert.deepEqual(shown(judge.advance(999)), ['4 1 incomplete']);
    // A small step back changes nothing.
    judge.push([begun(flow4, 2, 2000)]);
    judge.advance(1970);
    assert.deepEqual(judge.advance(2029.9), []);
    assert.deepEqual(shown(judge.advance(2030)), ['4 2 incomplete']);
  });

  it('makes room, the oldest first, whichever family it is of', () => {
    const judge = verifier({ maxPending: 2 });
    judge.push([begun(flow6, 1, 1000), begun(flow4, 2, 1001)]);
    assert.deepEqual(shown(judge.push([begun(flow4, 3, 1002)])), ['6 1 incomplete']);
    assert.deepEqual(shown(judge.push([begun(flow6, 4, 1003)])), ['4 2 incomplete']);
    assert.deepEqual(shown(judge.push([begun(flow6, 5, 1004)])), ['4 3 incomplete']);
    assert.deepEqual(shown(judge.push([begun(flow6, 6, 1004)])), ['6 4 incomplete']);
    assert.deepEqual(shown(judge.end()), ['6 5 incomplete', '6 6 incomplete']);
  });
});

describe('a verdict waits for leftovers', () => {
  it('as long as it may, and keeps those behind it in their order', () => {
    const judge = new Verifier({ hash: false, limits: { holdTime: 30 } });
    assert.deepEqual(judge.push([...complete(flow4, 1, 1000), ...complete(flow4, 2, 1010)]), []);
    assert.deepEqual(judge.advance(1029.9), []);
    assert.deepEqual(shown(judge.advance(1030)), ['4 1 good']);
    assert.deepEqual(shown(judge.push(complete(flow4, 1, 1031))), []);
    assert.deepEqual(shown(judge.end()), ['4 2 good', '4 1 good']);
  });

  it('and counts those that only repeat it, also where they came last, but not what is another datagram', () => {
    const judge = new Verifier({ hash: false });
    const own = complete(flow4, 1, 1000);
    judge.push([...own, own[0]!, own[2]!]);
    const [first] = judge.end();
    assert.deepEqual([first!.verdict, first!.fragments, first!.duplicates], ['good', 4, 2]);
    const other = { ...flow4, ident: 1 };
    const another = fragments(other, udpPacket(other, pattern(200, 9)), 64).map((octets) => frame(octets, 1000));
    const second = new Verifier({ hash: false });
    second.push([...own, another[0]!, own[1]!]);
    assert.deepEqual(shown(second.end()), ['4 1 good', '4 1 incomplete']);
  });

  it('but no more of them than the limit', () => {
    const judge = new Verifier({ hash: false, limits: { maxHeld: 2 } });
    const all = [1, 2, 3].flatMap((ident) => complete(flow4, ident, 1000 + ident));
    assert.deepEqual(shown(judge.push(all)), ['4 1 good']);
    assert.deepEqual(shown(judge.end()), ['4 2 good', '4 3 good']);
  });
});
