import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePayload } from '../../src/payload/generated.js';
import { Findings } from '../../src/verify/findings.js';
import type { Group } from '../../src/verify/reassembly/group.js';
import { isSplice } from '../../src/verify/splice.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { type Flow, flow4, flow6, fragments, frame, pattern, udpPacket } from './build.js';

/** Numbers 0 … 1, the same in every run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Sent {
  readonly count: number;
  readonly flow?: Flow;
  readonly ident: (number: number) => number;
  readonly payload?: (number: number) => Uint8Array;
  /** Which datagrams have an octet that their checksum does not know of. */
  readonly spoil?: (number: number) => boolean;
  /** Which fragments the capture did not get. */
  readonly lost: (number: number, fragment: number) => boolean;
  /** Seconds at which a datagram goes. */
  readonly at?: (number: number) => number;
}

const PATTERNS = [pattern(100, 1), pattern(100, 2), pattern(100, 3)];

function verdictsOn({ count, flow = flow4, ident, payload, spoil, lost, at = (i) => 1 + i * 5e-6 }: Sent) {
  const verifier = new Verifier({ hash: false });
  const verdicts: DatagramVerdict[] = [];
  for (let i = 0; i < count; i++) {
    const one = { ...flow, ident: ident(i) };
    const octets = payload?.(i) ?? PATTERNS[Math.floor(i / 65_536) % 3]!;
    const came = Array.from({ length: Math.ceil((8 + octets.length) / 64) }, (_, k) => !lost(i, k));
    if (!came.includes(true)) continue;
    const packet = udpPacket(one, octets);
    if (spoil?.(i)) packet[70]! ^= 1;
    const pieces = fragments(one, packet, 64);
    const frames = pieces.filter((_, k) => came[k]).map((packet, k) => frame(packet, at(i) + k * 1e-6));
    verdicts.push(...verifier.push(frames));
  }
  verdicts.push(...verifier.end());
  return { verdicts, summary: verifier.summary({ captureLost: null }) };
}

/** Not the same where an ident comes again. */
const other = (i: number): Uint8Array => pattern(100, i % 251);
const counter = (i: number): number => i & 0xffff;
const of = (verdicts: readonly DatagramVerdict[], kind: DatagramVerdict['verdict']): DatagramVerdict[] =>
  verdicts.filter(({ verdict }) => verdict === kind);

describe('halves of two datagrams whose idents came round (RFC 4963)', () => {
  it('are a splice and inconclusive, where they fit together', () => {
    const { verdicts, summary } = verdictsOn({
      count: 65_536 + 10,
      ident: counter,
      lost: (i, k) => (i === 5 && k === 1) || (i === 65_536 + 5 && k === 0),
    });
    const spliced = of(verdicts, 'spliced');
    assert.equal(spliced.length, 1);
    assert.equal(spliced[0]!.ident, 5);
    assert.deepEqual(spliced[0]!.mismatches, []);
    assert.equal(spliced[0]!.findings[0]!.code, 'spliced');
    assert.deepEqual([summary.bad, summary.spliced, summary.verdict], [0, 1, 'inconclusive']);
  });

  it('are two datagrams, one incomplete, where they overlap', () => {
    const lost = (i: number, k: number): boolean => i === 5 && k === 1;
    const ident = (i: number): number => i & 0x3ff; // counted in ten bits
    const { verdicts, summary } = verdictsOn({ count: 1024 + 10, ident, lost, payload: other });
    const [one] = verdicts.filter(({ verdict }) => verdict !== 'good');
    assert.deepEqual([one!.verdict, one!.ident, one!.findings[0]!.code], ['incomplete', 5, 'ident-came-again']);
    assert.deepEqual([summary.bad, summary.incomplete, summary.verdict], [0, 1, 'inconclusive']);
  });

  it('are a splice too where so many were lost at once that nobody saw the counter go round', () => {
    const lost = (i: number, k: number): boolean => (i >= 2000 && i < 2000 + 65_536 + 700) || (i === 1999 && k === 1);
    // The first that is seen again has the ident of the half: its own first half is lost.
    const { verdicts, summary } = verdictsOn({
      count: 70_000,
      ident: (i) => (i === 68_236 ? 1999 : counter(i)),
      lost: (i, k) => lost(i, k) || (i === 68_236 && k === 0),
    });
    assert.deepEqual([of(verdicts, 'spliced').length, summary.bad], [1, 0]);
  });
});

describe('losses never make anything bad', () => {
  const generated = (i: number): Uint8Array => makePayload(150, 7, i);
  const random = chance(3);
  const idents: readonly [string, Flow, (i: number) => number, count: number][] = [
    ['counted over IPv4 in twelve bits', flow4, (i) => i & 0xfff, 9000],
    ['of IPv4 at random', flow4, () => Math.floor(random() * 65_536), 6000],
    ['of IPv6 at random in 16 bits', flow6, () => Math.floor(random() * 65_536), 6000],
    ['of IPv6 at random', flow6, () => Math.floor(random() * 2 ** 32), 2000],
    ['counted over IPv6 in twelve bits', flow6, (i) => i & 0xfff, 9000],
  ];
  for (const [name, flow, ident, count] of idents) {
    for (const payload of [other, generated]) {
      it(`with idents ${name}, ${payload === other ? 'other' : 'generated'} payloads`, () => {
        const loss = chance(5);
        const { summary } = verdictsOn({ count, flow, ident, lost: () => loss() < 0.26, payload });
        assert.equal(summary.bad, 0);
        assert.ok(summary.incomplete > count / 10 && summary.good > count / 10);
      });
    }
  }
});

describe('a sender with few idents', () => {
  const period = 5e-6;
  for (const idents of [1, 2, 16, 100, 256]) {
    it(`${idents} in turn: nothing is bad for losses, and wrong octets are whatever was lost`, () => {
      const loss = chance(5);
      // What nobody lost tells that idents come again; from then on it is known.
      const lost = (i: number): boolean => i > 3 * idents && loss() < 0.05;
      const wrong = (i: number): boolean => i > 1000 && i % 97 === 0;
      const { verdicts, summary } = verdictsOn({
        count: 2500,
        ident: (i) => 1 + (i % idents),
        payload: (i) => pattern(100, i % 251),
        spoil: wrong,
        lost,
        at: (i) => 1 + i * period,
      });
      const spoilt = Math.ceil(1500 / 97);
      assert.ok(summary.bad <= spoilt && summary.bad > spoilt / 2, `${summary.bad} bad of ${spoilt} that were spoilt`);
      for (const one of of(verdicts, 'bad')) assert.equal(one.findings[0]!.code, 'udp-checksum');
      assert.ok(summary.good > 2100, `${summary.good} good`);
      assert.ok(summary.spliced < 50);
    });
  }

  it('that lost nothing and spoilt some has those bad, and no splice', () => {
    const { summary } = verdictsOn({
      count: 1000,
      ident: () => 7,
      payload: (i) => pattern(100, i % 251),
      spoil: (i) => i % 100 === 50,
      lost: () => false,
    });
    assert.deepEqual([summary.bad, summary.good, summary.spliced, summary.incomplete], [10, 990, 0, 0]);
  });

  it('whose fragments come in reverse is watched too', () => {
    const verifier = new Verifier({ hash: false });
    for (let i = 0; i < 200; i++) {
      const pieces = fragments({ ...flow4, ident: 7 }, udpPacket(flow4, pattern(100, i)), 64).reverse();
      verifier.push(pieces.map((packet, k) => frame(packet, 1 + i * period + k * 1e-6)).slice(i === 100 ? 1 : 0));
    }
    verifier.end();
    const { good, incomplete, bad } = verifier.summary({ captureLost: null });
    assert.deepEqual([good, incomplete, bad], [199, 1, 0]);
  });
});

describe('wrong octets are bad and no splice', () => {
  it('where no ident came again', () => {
    const flow = { ...flow4, ident: 7 };
    const spoilt = udpPacket(flow, pattern(100));
    spoilt[70]! ^= 1;
    const verifier = new Verifier();
    for (let i = 0; i < 70_000; i += 2) {
      const other = { ...flow4, ident: i & 0xffff };
      verifier.push(fragments(other, udpPacket(other, pattern(40)), 32).map((octets) => frame(octets)));
    }
    const verdicts = [...verifier.push(fragments(flow, spoilt, 64).map((octets) => frame(octets))), ...verifier.end()];
    assert.equal(of(verdicts, 'bad').length, 1);
  });

  it('where a repeated fragment of a whole datagram comes late: its ident is no step of the counter', () => {
    for (const late of [50, 100]) {
      const made = (i: number): Uint8Array[] => {
        const one = { ...flow4, ident: 32_700 + i };
        const packet = udpPacket(one, pattern(100, i % 251));
        if (i === 0) packet[70]! ^= 1;
        return fragments(one, packet, 64);
      };
      const all = made(0).slice(0, 1);
      for (let i = 1; i < 1000; i++) all.push(...made(i), ...(i > late ? made(i - late).slice(0, 1) : []));
      all.push(made(0)[1]!);
      const verifier = new Verifier({ hash: false });
      const verdicts = [...verifier.push(all.map((octets, i) => frame(octets, 1 + i * 1e-6))), ...verifier.end()];
      assert.equal(of(verdicts, 'good').length, 999);
      assert.deepEqual(
        of(verdicts, 'bad').map(({ ident }) => ident),
        [32_700],
        `${late} late`,
      );
    }
  });

  it('where a counter has only begun: the bits it has used so far are not all that it has', () => {
    for (const first of [1, 100, 1000, 30_000]) {
      for (const between of [3, 6, 7, 14, 15, 30, 60, 120, 180]) {
        const made = (i: number): Uint8Array[] => {
          const packet = udpPacket({ ...flow4, ident: first + i }, pattern(100, i));
          if (i === 0) packet[70]! ^= 1;
          return fragments({ ...flow4, ident: first + i }, packet, 64);
        };
        const all = made(0).slice(0, 1);
        for (let i = 1; i <= between; i++) all.push(...made(i));
        all.push(made(0)[1]!);
        const verifier = new Verifier({ hash: false });
        const verdicts = [...verifier.push(all.map((octets, i) => frame(octets, 1 + i * 1e-6))), ...verifier.end()];
        assert.deepEqual(
          [of(verdicts, 'good').length, of(verdicts, 'bad').length],
          [between, 1],
          `${first} ${between}`,
        );
      }
    }
  });

  it('whatever was lost, or used twice, long before: nothing of that meets what comes now', () => {
    const verdictsAt = (late: number, again: boolean): string[] => {
      const random = chance(23);
      const made = (ident: number, payload: number, spoilt = false): Uint8Array[] => {
        const packet = udpPacket({ ...flow4, ident }, pattern(100, payload));
        if (spoilt) packet[70]! ^= 1;
        return fragments({ ...flow4, ident }, packet, 64);
      };
      const verifier = new Verifier({ hash: false });
      const verdicts: DatagramVerdict[] = [];
      const put = (time: number, ...packets: Uint8Array[]): void => {
        verdicts.push(...verifier.push(packets.map((octets, i) => frame(octets, time + i * 1e-5))));
      };
      for (let i = 0; i < 100; i++) {
        const ident = Math.floor(random() * 65_536);
        if (again) put(1 + i / 1000, ...made(ident, i), ...made(ident, i + 1));
        else put(1 + i / 1000, ...made(ident, i).slice(0, 1));
      }
      for (let i = 0; i < 8; i++) put(late - 1 + i / 100, ...made(Math.floor(random() * 65_536), i));
      const [a, b, c] = [made(22_222, 77), made(45_678, 78), made(22_222, 77, true)];
      for (let i = 0; i < 20; i++) put(late - 0.5, ...made(Math.floor(random() * 65_536), i));
      const others = Array.from({ length: 12 }, (_, i) => made(30_000 + 1000 * i, i)).flat();
      put(late, a[0]!, b[0]!, ...others, c[1]!, b[1]!);
      put(late + 0.1, ...made(11_111, 1), ...made(11_112, 1));
      verdicts.push(...verifier.end());
      return verdicts.filter(({ ident }) => ident === 22_222).map(({ verdict }) => verdict);
    };
    assert.deepEqual(verdictsAt(3600, false), ['bad']);
    assert.deepEqual(verdictsAt(3600, true), ['bad']);
    assert.deepEqual(verdictsAt(5, false), ['spliced'], 'losses of just now may explain it');
  });

  it('of one of three datagrams whose idents are few bits, though a fragment of another is there twice', () => {
    const made = [233, 1, 52].map((ident) => {
      const packet = udpPacket({ ...flow4, ident }, pattern(100, ident));
      if (ident === 1) packet[70]! ^= 1;
      return fragments({ ...flow4, ident }, packet, 64);
    });
    const [first, wrong, last] = made as [Uint8Array[], Uint8Array[], Uint8Array[]];
    const all = [first[0]!, wrong[0]!, last[0]!, first[1]!, first[0]!, wrong[1]!, last[1]!];
    const verifier = new Verifier();
    const verdicts = [...verifier.push(all.map((octets, i) => frame(octets, 1 + i * 1e-3))), ...verifier.end()];
    assert.deepEqual(verdicts.map(({ ident, verdict }) => `${ident} ${verdict}`).sort(), [
      '1 bad',
      '233 good',
      '52 good',
    ]);
  });

  /** Datagrams among which `odd` is sent in two fragments with `between` others in between. */
  function amid(odd: Uint8Array, between: number): DatagramVerdict[] {
    const verifier = new Verifier({ hash: false });
    const random = chance(11);
    const others = Array.from({ length: 300 }, () => {
      const one = { ...flow4, ident: 10_000 + Math.floor(random() * 50_000) };
      return fragments(one, udpPacket(one, pattern(100)), 64);
    });
    const flow = { ...flow4, ident: 7 };
    const [first, second] = fragments(flow, odd, 256);
    const all = [...others.slice(0, 100).flat(), first!, ...others.slice(100, 100 + between).flat(), second!];
    return [...verifier.push(all.map((octets, i) => frame(octets, 1 + i * 1e-6))), ...verifier.end()];
  }

  it('of a generated payload, if only some octets of a fragment are others, whatever lies between', () => {
    const changed = udpPacket(flow4, makePayload(500, 1, 4));
    changed[400]! ^= 0x40;
    assert.equal(of(amid(changed, 150), 'bad').length, 1);
  });

  it('of a generated payload, if they are those of another and nothing lies between: pages filled too early', () => {
    const mixed = udpPacket(flow4, makePayload(500, 1, 4));
    mixed.set(udpPacket(flow4, makePayload(500, 1, 5)).subarray(256), 256);
    assert.equal(of(amid(mixed, 0), 'bad').length, 1);
    const [spliced] = of(amid(mixed, 150), 'spliced');
    assert.match(spliced!.notes[0]!, /^spliced: halves .* with 150 datagrams between, both generated by udp-ufo$/);
  });
});

describe('two generated halves', () => {
  const SENT_AT = [undefined, Date.UTC(2026, 0, 1)]; // of payloads that say when they were sent, too

  it('alone in a capture are a splice: nobody knows how the idents of their sender go', () => {
    for (const [flow, at] of [flow4, flow6].flatMap((one) => SENT_AT.map((time) => [one, time] as const))) {
      const [a, b] = [1, 2].map((i) => fragments(flow, udpPacket(flow, makePayload(3000, 9, i, at)), 1480));
      const verifier = new Verifier();
      const verdicts = [...verifier.push([a![0]!, b![1]!, b![2]!].map((octets) => frame(octets))), ...verifier.end()];
      assert.deepEqual(
        verdicts.map(({ verdict }) => verdict),
        ['spliced'],
      );
      assert.equal(verifier.summary({ captureLost: null }).verdict, 'inconclusive');
    }
  });

  it('that one number in front of the octets of another makes are none: both are in one fragment', () => {
    for (const [flow, at] of [flow4, flow6].flatMap((one) => SENT_AT.map((time) => [one, time] as const))) {
      for (const octet of [4, 8, 9, 10, 11, 12, 15]) {
        const changed = udpPacket(flow, makePayload(3000, 9, 3, at));
        changed[8 + octet]! ^= 0x41; // seed, number or length
        const verifier = new Verifier();
        const verdicts = [...verifier.push(fragments(flow, changed, 1480).map((one) => frame(one))), ...verifier.end()];
        assert.deepEqual(
          verdicts.map(({ verdict }) => verdict),
          ['bad'],
          `octet ${octet}`,
        );
      }
    }
  });

  it('that came at another time than a flow that is quick are a splice', () => {
    const { verdicts, summary } = verdictsOn({
      count: 30,
      ident: (i) => (i === 29 ? 20 : i + 1),
      payload: (i) => pattern(100, i),
      lost: (i, k) => (i === 19 && k === 1) || (i === 29 && k === 0),
      at: (i) => (i === 29 ? 9 : 1 + i * 1e-5),
    });
    assert.deepEqual([of(verdicts, 'spliced').length, summary.bad], [1, 0]);
  });
});

describe('a hole of a sender with one ident', () => {
  const payload = (i: number): Uint8Array => pattern(150, i); // three fragments
  const at = (i: number): number => 1 + i * 5e-6 - (i === 21 ? 2e-6 : 0);
  const sent = { count: 22, ident: () => 7, payload, at };

  it('that a fragment of the next datagram fills is a splice', () => {
    const lost = (i: number, k: number): boolean => (i === 20 && k === 1) || (i === 21 && k !== 1);
    const { verdicts, summary } = verdictsOn({ ...sent, lost });
    assert.deepEqual([of(verdicts, 'spliced').length, summary.good, summary.bad], [1, 20, 0]);
    assert.match(of(verdicts, 'spliced')[0]!.notes.join(), /udp checksum/);
  });

  it('that is none makes no wrong checksum anything but bad', () => {
    const { summary } = verdictsOn({ ...sent, lost: () => false, spoil: (i) => i === 20 });
    assert.deepEqual([summary.good, summary.bad], [21, 1]);
  });
});

describe('a finding that was left out', () => {
  it('counts: what no splice explains is none', () => {
    const findings = new Findings();
    const group = { cameAgain: 'yes', origin: undefined, findings, fragmented: true } as Group;
    for (let i = 0; i < 70; i++) findings.add('mismatch', 'fragment-overlap', i, 'overlaps');
    assert.equal(isSplice(group), true);
    findings.add('mismatch', 'header-checksum', 71, 'got 1, want 2');
    assert.ok(findings.list.every(({ code }) => code !== 'header-checksum'));
    assert.equal(isSplice(group), false);
  });
});
