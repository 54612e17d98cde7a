import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Arrival, ArrivedPackets } from '../../../src/app/common/arrival.js';
import { diagnose } from '../../../src/app/path/diagnose.js';
import type { Evidence } from '../../../src/app/path/evidence.js';
import { FINDINGS } from '../../../src/app/path/finding.js';
import type { Outcome, ProbeName } from '../../../src/app/path/probe.js';
import { probes } from '../../../src/app/path/probes.js';
import { type PathReport, pathVerdict } from '../../../src/app/path/report.js';

const SOURCE = { address: '192.0.2.1', port: 4000 };

const packets = (more: Partial<ArrivedPackets> = {}): ArrivedPackets => ({
  fragments: 0,
  duplicates: 0,
  first: true,
  last: true,
  inOrder: true,
  sizes: [[72, 1]],
  ttl: 63,
  dontFragment: true,
  optionsLen: 4,
  ident: 1,
  ...more,
});

const arrival = (more: Partial<Arrival> = {}): Arrival => ({
  seed: 1,
  sequence: 0,
  length: 64,
  intact: true,
  order: 0,
  source: SOURCE.address,
  sourcePort: SOURCE.port,
  packets: packets(),
  ...more,
});

/** All probes passed, each with a report that says nothing unusual, but for what `changes` says. */
function evidence(changes: Partial<Record<ProbeName, Partial<Outcome>>>, more: Partial<Evidence> = {}): Evidence {
  const { family = 4 } = more;
  const usual: Partial<Record<string, Partial<ArrivedPackets>>> = {
    ttl: { ttl: 127 },
    tiny: {
      fragments: 4,
      sizes: [
        [8, 1],
        [272, 2],
      ],
    },
    reverse: { fragments: 3, inOrder: false },
  };
  const outcomes = new Map<ProbeName, Outcome>(
    probes({ family, mtu: 1500, burst: 40 }).map((probe) => [
      probe.name,
      {
        probe,
        sent: probe.count,
        arrived: probe.count,
        extra: 0,
        damaged: 0,
        overtaken: 0,
        arrivals: [arrival({ packets: packets(usual[probe.name]) })],
        tooBig: [],
        timeExceededMs: null,
        failed: null,
        source: SOURCE,
        ...changes[probe.name],
      },
    ]),
  );
  return { family, kind: 'report', outcomes, largestPacket: null, largestDatagram: null, ...more };
}

const codes = (e: Evidence): string[] => diagnose(e).map(({ code }) => code);
const LOST = { arrived: 0, arrivals: [] };
const part = (more: Partial<ArrivedPackets>): Partial<Outcome> => ({
  arrived: 0,
  arrivals: [arrival({ length: null, intact: null, order: null, packets: packets({ fragments: 1, ...more }) })],
});

describe('diagnose', () => {
  it('finds nothing where all passes', () => {
    assert.deepEqual(codes(evidence({})), []);
    assert.deepEqual(codes(evidence({}, { family: 6 })), []);
  });

  const cases: readonly (readonly [string, Parameters<typeof evidence>, readonly string[]])[] = [
    ['no answer at all', [{ small: LOST }, { kind: null }], ['unreachable']],
    ['only first fragments seen there', [{ 'fragments-small': part({ last: false }) }], ['later-dropped']],
    [
      'only later fragments seen there',
      [{ 'fragments-small': part({ first: false, fragments: 2 }) }],
      ['first-dropped'],
    ],
    ['no fragment seen there', [{ 'fragments-small': LOST }], ['fragments-dropped']],
    [
      'fragments lost on the way to an echo',
      [{ 'fragments-small': LOST, small: { arrivals: [] } }, { kind: 'echo' }],
      ['fragments-lost'],
    ],
    [
      'packets over a size lost without a word',
      [{ full: LOST, 'full-df': LOST }, { largestPacket: 1000 }],
      ['size-limited'],
    ],
    ['only packets with DF lost without a word', [{ 'full-df': LOST }, { largestPacket: 1400 }], ['black-hole']],
    ['ICMP too big', [{ 'full-df': { ...LOST, tooBig: [{ mtu: 1400, by: '192.0.2.254' }] } }], ['path-mtu']],
    [
      'datagrams lost here and there, and many in a row',
      [
        {
          ...{
            full: { arrived: 1 },
            burst: { arrived: 36 },
            'fragments-full': { arrived: 1 },
            tiny: { arrived: 1, sent: 4 },
          },
          'burst-fragments': { arrived: 12 },
        },
        { largestDatagram: 8000 },
      ],
      ['lossy'],
    ],
    ['some datagrams in fragments, so no filter', [{ 'fragments-small': { arrived: 1, sent: 4 } }], ['fragments-lost']],
    [
      'large fragments lost on the way back of an echo, which fits nothing',
      [{ 'fragments-full': LOST, small: { arrivals: [] } }, { kind: 'echo' }],
      ['not-known'],
    ],
    [
      'nothing, where a send failed',
      [{ ttl: { sent: 0, arrived: 0, failed: 'sendto EPERM', arrivals: [] } }],
      ['not-sent'],
    ],
    ['a datagram lost once', [{ full: { arrived: 1 } }], []],
    ['fragments lost at a rate', [{ 'burst-fragments': { arrived: 15 } }], ['rate-limited']],
    ['packets of all kinds lost at a rate', [{ 'burst-fragments': { arrived: 15 }, burst: { arrived: 15 } }], []],
    ['large datagrams lost', [{}, { largestDatagram: 4000 }], ['datagrams-limited']],
    ['tiny first fragments lost', [{ tiny: LOST }], ['tiny-dropped']],
    ['the last one first lost', [{ reverse: LOST }], ['order-dropped']],
    ['options lost', [{ options: LOST, 'options-fragments': LOST }], ['options-dropped']],
    ['options lost in fragments only', [{ 'options-fragments': LOST }], ['options-fragments-dropped']],
    ['whole packets twice', [{ small: { extra: 3 } }], ['duplicated']],
    ['one datagram overtaken', [{ burst: { overtaken: 1 } }], ['reordered']],
    ['another payload', [{ full: { damaged: 1 } }], ['damaged']],
    ['another source', [{ small: { arrivals: [arrival({ source: '198.51.100.254' })] } }], ['translated']],
    [
      'a grown first fragment',
      [{ tiny: { arrivals: [arrival({ packets: packets({ fragments: 2, sizes: [[272, 2]] }) })] } }],
      ['reassembled'],
    ],
    [
      'fragments put in order',
      [{ reverse: { arrivals: [arrival({ packets: packets({ fragments: 3 }) })] } }],
      ['reassembled'],
    ],
    ['one TTL for all', [{ ttl: { arrivals: [arrival()] } }], ['ttl-rewritten']],
    [
      'DF gone',
      [{ 'full-df': { arrivals: [arrival({ packets: packets({ dontFragment: false }) })] } }],
      ['df-cleared'],
    ],
    [
      'options gone',
      [{ options: { arrivals: [arrival({ packets: packets({ optionsLen: 0 }) })] } }],
      ['options-stripped'],
    ],
  ];
  for (const [what, given, want] of cases) {
    it(`names ${what}: ${want.join(', ') || 'nothing'}`, () => assert.deepEqual(codes(evidence(...given)), want));
  }

  it('takes Time Exceeded for a first fragment alone as a sign that first ones pass', () => {
    const e = evidence({ 'fragments-small': LOST, small: { arrivals: [] } }, { kind: 'closed-port' });
    const alone = { ...e.outcomes.get('small')!, arrived: 0, timeExceededMs: 30_100 };
    assert.deepEqual(codes({ ...e, outcomes: new Map([...e.outcomes, ['first-only', alone]]) }), ['later-dropped']);
  });

  it('does not tell the way there from the way back of an echo', () => {
    const lost = { 'fragments-small': LOST, small: { arrivals: [] } };
    const e = evidence(lost, { kind: 'echo' });
    const alone = { ...e.outcomes.get('small')!, arrived: 0, timeExceededMs: 30_100 };
    const [fragments] = diagnose({ ...e, outcomes: new Map([...e.outcomes, ['first-only', alone]]) });
    assert.deepEqual([fragments!.code, /there or on the way back/.test(fragments!.says)], ['fragments-lost', true]);
    const sizes = { full: LOST, 'full-df': LOST };
    const saysOf = (kind: 'echo' | 'report') => diagnose(evidence(sizes, { kind, largestPacket: 1404 }))[0]!.says;
    assert.match(saysOf('report'), /over 1404 octets vanish, .*: a filter on sizes \(a small MTU would cut them\)$/);
    assert.match(
      saysOf('echo'),
      /over 1404 octets do not come back, .*: an MTU black hole, or a filter on sizes, on the way there or back$/,
    );
    const [large] = diagnose(evidence({}, { kind: 'echo', largestDatagram: 4000 }));
    assert.match(large!.says, /do not come back whole/);
  });

  it('puts the gravest first', () => {
    const found = codes(evidence({ ttl: { arrivals: [arrival()] }, tiny: LOST, small: { extra: 3 } }));
    assert.deepEqual(found, ['tiny-dropped', 'duplicated', 'ttl-rewritten']);
  });

  it('has a case above for every finding', () => {
    const named = new Set(cases.flatMap(([, , want]) => want));
    assert.deepEqual(
      FINDINGS.filter((code) => !named.has(code)),
      [],
    );
  });

  it('does not blame the path for what never went out, and leaves open how it is', () => {
    const unsent = { sent: 0, arrived: 0, failed: 'sendto EPERM', arrivals: [] };
    for (const name of ['fragments-small', 'tiny', 'options', 'burst-fragments'] as const) {
      const found = diagnose(evidence({ [name]: unsent }));
      assert.deepEqual(
        found.map(({ code }) => code),
        ['not-sent'],
        name,
      );
      assert.match(found[0]!.says, /could be asked \(sendto EPERM\): /);
      const report = { answers: 'report', findings: found } as unknown as PathReport;
      assert.equal(pathVerdict(report), 'inconclusive');
      const dropped = { ...report, findings: [...found, { ...found[0]!, code: 'tiny-dropped' }] } as PathReport;
      assert.equal(pathVerdict(dropped), 'bad');
    }
  });
});
