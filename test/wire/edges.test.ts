import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { optionsFault, receivedOptionsFault, unwelcomeOption } from '../../src/wire/ipv4-options.js';
import { LINKTYPE_LINUX_SLL, NetworkLayer, networkLayer } from '../../src/wire/link-layer.js';
import { parseFileHeader, pcapFormat, putFileHeader } from '../../src/wire/pcap-format.js';

describe('IPv4 options that came', () => {
  const fault = (...octets: number[]): string | null => receivedOptionsFault(Uint8Array.from(octets), 0, octets.length);

  it('have lengths of 2 or more that fit, and pointers behind themselves', () => {
    const cases: readonly (readonly [number[], string | null])[] = [
      [[1, 1, 0, 9], null], // what comes after the end is nobody's
      [[148, 4, 0, 0], null],
      [[148, 1, 0, 0], 'option 148 got length 1, want at least 2'],
      [[148, 0, 0, 0], 'option 148 got length 0, want at least 2'],
      [[148, 5, 0, 0], "option 148 got length 5, want at most 4, the header's rest"],
      [[1, 1, 1, 148], 'option 148 got no length, want it within the header'],
      ...[7, 131, 137].flatMap((type): [number[], string | null][] => [
        [[type, 2, 0, 0], `option ${type} got length 2, want at least 3`],
        [[type, 3, 4, 0], null],
        [[type, 3, 3, 0], `option ${type} got pointer 3, want at least 4`],
      ]),
      [[68, 3, 5, 0], 'option 68 got length 3, want at least 4'],
      [[68, 4, 5, 0], null],
      [[68, 4, 4, 0], 'option 68 got pointer 4, want at least 5'],
      [[148, 3, 0, 0], 'option 148 got length 3, want at least 4'],
    ];
    for (const [octets, want] of cases) assert.equal(fault(...octets), want, octets.join(' '));
  });

  it('have room for a whole entry behind the pointer, or none', () => {
    const zeros = new Array<number>(12).fill(0);
    for (const type of [7, 131, 137]) {
      for (const pointer of [4, 8]) assert.equal(fault(type, 7, pointer, ...zeros), null, `${type} at ${pointer}`);
      for (const [pointer, room] of [
        [5, 3],
        [7, 1],
      ] as const)
        assert.equal(fault(type, 7, pointer, ...zeros), `option ${type} got room for ${room} octets, want 4 or none`);
    }
    const stamps = (pointer: number, flags: number) => fault(68, 12, pointer, flags, ...zeros);
    assert.equal(stamps(9, 0), null);
    assert.equal(stamps(10, 0), 'option 68 got room for 3 octets, want 4 or none');
    for (const flag of [1, 3]) {
      assert.equal(stamps(5, flag), null);
      assert.equal(stamps(9, flag), 'option 68 got room for 4 octets, want 8 or none');
    }
    assert.equal(stamps(13, 0xe0), null);
    assert.equal(stamps(13, 0xf1), 'option 68 got overflow 15, want less');
    assert.equal(stamps(13, 0xf3), null);
    assert.equal(stamps(9, 0xf0), null, 'nothing overflows while there is room');
  });

  it('are routes, records and timestamps but once', () => {
    const [route, strict, record, stamp] = [
      [131, 3, 4],
      [137, 3, 4],
      [7, 3, 4],
      [68, 4, 5, 0],
    ] as const;
    assert.equal(fault(...route, ...record, ...stamp, 0), null);
    assert.equal(fault(...route, ...strict), 'option 137 got a second source route, want one');
    assert.equal(fault(...record, 1, ...record), 'option 7 got a second record of the route, want one');
    assert.equal(fault(...stamp, ...stamp), 'option 68 got a second timestamp, want one');
  });

  it('are unwelcome where hosts drop them unless told otherwise', () => {
    const unwelcome = (...octets: number[]): number => unwelcomeOption(Uint8Array.from(octets), 0, octets.length);
    assert.equal(unwelcome(7, 3, 4, 148, 4, 0, 0, 0), -1);
    for (const type of [131, 134, 137]) assert.equal(unwelcome(1, type, 7, 8, 0, 0, 0, 0), type);
    assert.equal(unwelcome(0, 131, 7, 8, 0, 0, 0, 0), -1, 'behind the end of the list');
  });

  it('are no list for a user to give where they do not end as it should, or are too many', () => {
    assert.equal(optionsFault(Uint8Array.of(1, 7, 3, 4)), null);
    assert.equal(optionsFault(Uint8Array.of(7, 3, 4, 0, 9, 9)), null);
    assert.equal(optionsFault(Uint8Array.of(1, 7, 9)), 'option 7 at octet 1 has no valid length');
    assert.equal(optionsFault(new Uint8Array(40).fill(1)), null);
    assert.equal(optionsFault(new Uint8Array(41).fill(1)), '41 octets, a header holds 40');
  });
});

describe('a cooked frame', () => {
  it('of Linux’s own protocol 4 carries LLC, and no other small number does', () => {
    for (const protocol of [1, 3, 4, 5, 0x5dc]) {
      const snap = [0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0];
      const octets = Uint8Array.of(
        0,
        0,
        0,
        1,
        0,
        6,
        ...new Uint8Array(8),
        protocol >> 8,
        protocol & 255,
        ...snap,
        0x45,
      );
      const found = new NetworkLayer();
      const ok = networkLayer(new DataView(octets.buffer), 0, octets.length, LINKTYPE_LINUX_SLL, found);
      assert.deepEqual([ok, found.family], protocol === 4 ? [true, 4] : [false, 0], `protocol ${protocol}`);
    }
  });
});

describe('a pcap file of an old version', () => {
  it('has its lengths the other way round before 2.3, and either way in 2.3', () => {
    for (const [minor, lengths] of [
      [0, 'swapped'],
      [2, 'swapped'],
      [3, 'either'],
      [4, undefined],
      [5, undefined],
    ] as const) {
      for (const littleEndian of [true, false]) {
        const view = new DataView(new ArrayBuffer(24));
        putFileHeader(view, 0, pcapFormat(1, { littleEndian, nanosecond: false }));
        view.setUint16(6, minor, littleEndian);
        assert.equal(parseFileHeader(new Uint8Array(view.buffer)).lengths, lengths, `2.${minor}`);
      }
    }
  });
});
