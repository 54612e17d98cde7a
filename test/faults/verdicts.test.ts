import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fault } from '../../src/faults/rules.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { cut } from './cut.js';
import { PLANS, SIZES } from './plans.js';

/** Which fault a text of the verifier names. */
const NAMED: readonly (readonly [RegExp, Fault])[] = [
  [/version got/, 'header'],
  [/header checksum/, 'header-checksum'],
  [/overlaps octets/, 'overlap'],
  [/want a multiple of 8/, 'unaligned'],
  [/a packet holds 65535/, 'too-long'],
  [/length got 0, want at least 1/, 'empty'],
  [/end of the datagram got|ends the datagram$/, 'end'],
  [/header chain got/, 'chain'],
  [/IP length got/, 'length'],
  [/udp length got|udp header got/, 'udp-length'],
  [/reserved/, 'reserved'],
  [/DF got/, 'df'],
  [/udp checksum/, 'udp-checksum'],
];

function judged(frames: readonly Frame[]): DatagramVerdict[] {
  const verifier = new Verifier();
  return [...verifier.push(frames), ...verifier.end()];
}

describe('a plan', () => {
  for (const family of [4, 6] as const) {
    for (const text of PLANS) {
      it(`${text} over IPv${family} is judged as the RFCs say, at every size that it can be made of`, () => {
        let made = 0;
        for (const size of SIZES) {
          let planned: ReturnType<typeof cut>;
          try {
            planned = cut(text, family, size);
          } catch (error) {
            assert.match(String(error), /^\w+Error: plan: /, `${size} octets`);
            continue;
          }
          made += 1;
          const verdicts = judged(planned.frames);
          const show = (of: readonly { ident: number | null; verdict: string }[]) =>
            of.map(({ ident, verdict }) => `${ident ?? 0} ${verdict}`).sort();
          assert.deepEqual(show(verdicts), show(planned.outcomes), `${size} octets: ${JSON.stringify(verdicts)}`);
          const told = faultsOf(verdicts);
          const want = new Set(
            planned.outcomes.flatMap(({ faults }) => [...faults]).filter((one) => one !== 'missing'),
          );
          assert.deepEqual([...told].sort(), [...want].sort(), `${size} octets: ${JSON.stringify(verdicts)}`);
        }
        if (!/split-chain|df|checksum\)|checksum=|flow-label/.test(text)) assert.ok(made > 0, 'refused at every size');
      });
    }
  }
});

function faultsOf(verdicts: readonly DatagramVerdict[]): Set<string> {
  const told = new Set(
    verdicts.flatMap(({ mismatches }) =>
      mismatches.filter((text) => !isSurplus(text) && !LEFT_OUT.test(text)).map(faultOf),
    ),
  );
  if (told.has('udp-length')) told.delete('udp-checksum'); // nobody knows over which octets it would be
  return told;
}

/** A list of many has an end. */
const LEFT_OUT = /left out/;

/** Octets behind the UDP datagram are allowed (RFC 768). */
function isSurplus(text: string): boolean {
  const [, got, want] = /^udp length got (\d+), want (\d+)/.exec(text) ?? [];
  return Number(got) < Number(want);
}

function faultOf(text: string): string {
  return NAMED.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}
