import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawPackets } from '../../src/faults/drawing.js';
import { FIELD_NAMES, fieldValues } from '../../src/faults/fields.js';
import type { PlanPacket } from '../../src/faults/packet.js';
import { sumOctets } from '../../src/wire/checksum.js';
import { cut } from './cut.js';

/** The second of three fragments of 4,000 octets, as a plan left it. */
const second = (plan: string, family: 4 | 6, ident = 0x1234): PlanPacket =>
  cut(plan, family, 4000, 1500, ident).packets[1]!;

/** Field → octets of the header that change (from, to), and what stands there once it is set; checksums aside. */
const SET: Readonly<Record<4 | 6, readonly (readonly [assignment: string, from: number, octets: string])[]>> = {
  4: [
    ['version=7', 0, '75'],
    ['tos=0xb9', 1, 'b9'],
    ['length=0xabcd', 2, 'abcd'],
    ['ident=0xbeef', 4, 'beef'],
    ['reserved=1', 6, 'a0b9'],
    ['df=1', 6, '60b9'],
    ['mf=0', 6, '00b9'],
    ['offset=0', 6, '2000'],
    ['offset=65528', 6, '3fff'],
    ['ttl=3', 8, '03'],
    ['protocol=6', 9, '06'],
  ],
  6: [
    ['version=4', 0, '40'],
    ['tos=0xb9', 0, '6b90'],
    ['flow-label=0xabcde', 1, '0abcde'],
    ['length=0xabcd', 4, 'abcd'],
    ['next-header=17', 6, '11'],
    ['ttl=3', 7, '03'],
    ['protocol=6', 40, '06'],
    ['reserved=1', 41, '01'],
    ['offset=0', 42, '0001'],
    ['offset=65528', 42, 'fff9'],
    ['mf=0', 42, '05a8'],
    ['ident=0xdeadbeef', 44, 'deadbeef'],
  ],
};

describe('header fields of plans', () => {
  for (const family of [4, 6] as const) {
    const right = second('repeat(1)', family).header;
    for (const [assignment, from, octets] of SET[family]) {
      it(`set(2, ${assignment}) over IPv${family} writes ${octets} at octet ${from}, and nothing else`, () => {
        const made = second(`set(2, ${assignment})`, family).header;
        const want = right.slice();
        want.set(Buffer.from(octets, 'hex'), from);
        if (family === 4) {
          assert.equal(sumOctets(made), 0xffff, 'its checksum is right');
          want.set(made.subarray(10, 12), 10);
        }
        assert.equal(Buffer.from(made).toString('hex'), Buffer.from(want).toString('hex'));
      });
    }

    it(`corrupt(2, …) over IPv${family} turns one bit of any field, and makes nothing right`, () => {
      for (const [name] of fieldValues(second('repeat(1)', family))) {
        const made = second(`corrupt(2, ${name})`, family).header;
        const changed = [...made].map((octet, i) => octet ^ right[i]!);
        const bits = changed.map((octet) => octet.toString(2).replaceAll('0', '').length);
        assert.equal(
          bits.reduce((sum, count) => sum + count, 0),
          1,
          name,
        );
      }
    });

    it(`values over IPv${family} are read as they are set`, () => {
      for (const [name, value] of fieldValues(second('repeat(1)', family))) {
        const again = second(`set(2, ${name}=${value})`, family);
        assert.equal(new Map(fieldValues(again)).get(name), value, name);
      }
    });
  }

  it('have the value that the header shows, field by field', () => {
    const four = Object.fromEntries(fieldValues(second('repeat(1)', 4)));
    const { checksum, ...rest } = four;
    assert.ok(checksum! > 0);
    assert.deepEqual(rest, {
      version: 4,
      tos: 0,
      length: 1500,
      ident: 0x1234,
      reserved: 0,
      df: 0,
      mf: 1,
      offset: 1480,
      ttl: 64,
      protocol: 17,
    });
    assert.deepEqual(Object.fromEntries(fieldValues(second('repeat(1)', 6))), {
      version: 6,
      tos: 0,
      'flow-label': 0,
      length: 1456,
      'next-header': 44,
      ttl: 64,
      protocol: 17,
      reserved: 0,
      mf: 1,
      offset: 1448,
      ident: 0x1234,
    });
    const whole = cut('repeat(1)', 6, 100).packets[0]!;
    assert.deepEqual(
      fieldValues(whole).map(([name]) => name),
      ['version', 'tos', 'flow-label', 'length', 'next-header', 'ttl'],
    );
  });

  it('set the checksum itself to what is asked for', () => {
    assert.equal(new Map(fieldValues(second('set(2, checksum=0x1234)', 4))).get('checksum'), 0x1234);
    assert.equal(new Map(fieldValues(second('set(2, ttl=9, checksum=7)', 4))).get('checksum'), 7);
  });

  it('are refused above what they hold, in the other family, and where there is no such header', () => {
    const refused = (text: string, family: 4 | 6, says: RegExp, size = 4000) =>
      assert.throws(() => cut(text, family, size), { code: 'ERR_UFO_INVALID_ARGUMENT', message: says }, text);
    for (const [name, most, family] of [
      ...[['version', 15, 4] as const, ['tos', 255, 4] as const, ['length', 65_535, 4] as const],
      ...[['ident', 65_535, 4] as const, ['df', 1, 4] as const, ['protocol', 255, 4] as const],
      ...[['checksum', 65_535, 4] as const, ['ttl', 255, 4] as const, ['version', 15, 6] as const],
      ...[['tos', 255, 6] as const, ['flow-label', 0xf_ffff, 6] as const, ['length', 65_535, 6] as const],
      ...[['next-header', 255, 6] as const, ['ttl', 255, 6] as const, ['protocol', 255, 6] as const],
      ...[['reserved', 1, 6] as const, ['mf', 1, 6] as const, ['ident', 0xffff_ffff, 6] as const],
    ]) {
      cut(`set(1, ${name}=${most})`, family, 4000);
      refused(`set(1, ${name}=${most + 1})`, family, new RegExp(`${name}: got ${most + 1}, want 0 … ${most}$`));
    }
    for (const family of [4, 6] as const) {
      refused('set(1, offset=65536)', family, /want 0 … 65528, a multiple of 8/);
      refused('set(1, offset=12)', family, /offset: got 12/);
    }
    refused('set(1, checksum=1)', 6, /got "checksum", want for IPv6 version, tos, flow-label/);
    refused('set(1, mf=1)', 6, /this one was not cut/, 100);
    assert.ok(FIELD_NAMES.includes('checksum') && FIELD_NAMES.includes('next-header'));
    assert.equal(new Set(FIELD_NAMES).size, FIELD_NAMES.length);
  });
});

describe('what becomes of a datagram whose headers are changed', () => {
  for (const [plan, family, size, want] of [
    ['set(protocol=6)', 4, 100, ['bad protocol']],
    ['set(protocol=6)', 4, 4000, ['bad protocol']],
    ['set(protocol=6)', 6, 4000, ['bad protocol']],
    ['set(1, protocol=60)', 6, 4000, ['bad protocol']],
    ['set(1, protocol=44)', 6, 4000, ['bad chain']], // a second fragment header
    ['set(next-header=6)', 6, 4000, ['bad protocol', 'bad protocol', 'bad protocol']],
    // The fragment header is taken for that of UDP, and one fragment is missing.
    ['set(2, next-header=17)', 6, 4000, ['bad udp-length', 'incomplete missing']],
    ['corrupt(1, next-header)', 6, 4000, ['bad protocol', 'incomplete missing']],
    // A fragment that comes again behind a packet in one piece with its id repeats what was whole before that.
    ['sizes(8), duplicate(2), overlap(head, different, 2)', 4, 8, ['good ', 'bad udp-length']],
    ['set(2, protocol=6)', 4, 4000, ['incomplete missing', 'incomplete missing']], // two datagrams: RFC 791 §2.3
  ] as const) {
    it(`${plan} over IPv${family}, ${size} octets: ${want.join(', ')}`, () => {
      const { outcomes } = cut(plan, family, size);
      assert.deepEqual(
        outcomes.map(({ verdict, faults }) => `${verdict} ${[...faults]}`),
        want,
      );
      for (const { faults, payload, ports, delivered } of outcomes.filter((one) => one.faults.has('protocol')))
        assert.deepEqual([payload, ports, delivered], [null, null, 'no'], `${[...faults]}`);
    });
  }
});

describe('the drawing of a plan', () => {
  const block = (from: number, count: number): string => `${' '.repeat(from)}${'█'.repeat(count)}`.padEnd(48);

  it('has a line a packet: where its octets lie on a scale, and what its header says', () => {
    assert.deepEqual(drawPackets(cut('delay(3, 200)', 4, 4000, 1500, 0x4d2).packets), [
      `   #1  ${block(0, 18)}  offset     0  len  1480  MF  id 0x04d2`,
      `   #2  ${block(17, 18)}  offset  1480  len  1480  MF  id 0x04d2`,
      `   #3  ${block(35, 13)}  offset  2960  len  1048      id 0x04d2  after 200 ms`,
    ]);
    assert.deepEqual(drawPackets(cut('zero-last, drop(1)', 6, 100).packets), [
      `   #1  ${'|'.padStart(48)}  offset   112  len     0      id 0x00001234`,
    ]);
    assert.deepEqual(drawPackets(cut('trailing(3)', 6, 100).packets), [
      `   #1  ${block(0, 48)}  offset     0  len   108      not cut  +3 behind it`,
    ]);
    const [, second] = drawPackets(cut('interleave(2)', 4, 4000, 1500, 1).packets);
    assert.equal(second, `   #2  ${block(0, 18)}  offset     0  len  1480  MF  id 0x2000  datagram 2`);
    assert.deepEqual(drawPackets([]), []);
  });

  it('shows the smallest fragment of the largest datagram as a block', () => {
    const [first, last] = drawPackets(cut('tiny, sizes(8, 1480), drop(2)', 4, 60_000).packets);
    assert.ok(first!.startsWith(`   #1  ${block(0, 1)}`), first);
    assert.ok(last!.startsWith('   #2  '), last);
  });
});
