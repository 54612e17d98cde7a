import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DRIVER_OPTIONS,
  type DriverOptionName,
  type DriverOptionValues,
  firstRefusal,
} from '../../src/options/driver-options.js';
import type { SocketOptions } from '../../src/socket/options.js';
import { createSocket } from '../../src/socket/socket.js';
import { ALL_TRAITS } from '../../src/tx/drivers.js';

/** A value of each option that asks for something, and a wrong one. */
const VALUES: Readonly<Record<DriverOptionName, readonly [good: unknown, bad: unknown]>> = {
  mtu: [1400, 27],
  idents: [7, 0],
  ttl: [9, 256],
  tos: [8, -1],
  dontFragment: [true, 1],
  options: [Uint8Array.of(1, 1, 1, 1), Uint8Array.of(1)],
  extensionHeaders: [[{ type: 60, octets: new Uint8Array(8) }], [{ type: 60 }]],
  flowLabel: [5, 0x10_0000],
  checksum: [false, 'no'],
  vlans: [[{ tpid: 0x8100, tci: 5 }], 5],
  sourceMac: [new Uint8Array(6), new Uint8Array(5)],
  destinationMac: [new Uint8Array(6), '02:00:00:00:00:01'],
  interface: ['near0', 'a/b'],
  queue: [1, -1],
  qdiscBypass: [true, 'yes'],
  file: ['/dev/null', ''],
};
const KEYS = Object.keys(DRIVER_OPTIONS) as DriverOptionName[];

const open = (options: object): unknown => createSocket({ type: 'udp4', ...options } as SocketOptions);
const familyOf = (key: DriverOptionName): 4 | 6 => DRIVER_OPTIONS[key].family ?? 4;

describe('options that drivers are told', () => {
  for (const traits of ALL_TRAITS) {
    for (const key of KEYS) {
      const family = familyOf(key);
      const [good] = VALUES[key];
      const options = { type: `udp${family}`, driver: traits.name, [key]: good };
      const honoured = firstRefusal({ [key]: good } as DriverOptionValues, family, traits) === null;
      it(`${traits.name} ${honoured ? 'takes' : 'refuses'} ${key}`, () => {
        if (honoured) return void open(options);
        const able = ALL_TRAITS.filter(
          (one) => firstRefusal({ [key]: good } as DriverOptionValues, family, one) === null,
        );
        assert.throws(
          () => open(options),
          (error: Error & { hint?: string }) => {
            assert.match(error.message, new RegExp(`^${key}: got .*want none with ${traits.name}`));
            for (const { name } of able) assert.ok(error.hint?.includes(name), `${error.hint} does not name ${name}`);
            return able.length > 0;
          },
        );
      });
    }
  }

  for (const key of KEYS) {
    it(`a wrong ${key} is refused by its name`, () => {
      const options = { type: `udp${familyOf(key)}`, driver: 'pcap-file', file: '/dev/null', [key]: VALUES[key][1] };
      assert.throws(() => open(options), new RegExp(`${key}: got`));
    });
  }

  for (const [key, type] of [
    ['flowLabel', 'udp4'],
    ['extensionHeaders', 'udp4'],
    ['dontFragment', 'udp6'],
    ['options', 'udp6'],
  ] as const) {
    it(`${key} over ${type} is refused, and not dropped`, () => {
      assert.throws(() => open({ type, [key]: VALUES[key][0] }), new RegExp(`${key}: got .*want none over IPv`));
    });
  }

  it('a value that asks for nothing is taken by every driver and family', () => {
    for (const { name } of ALL_TRAITS) {
      open({ driver: name, dontFragment: false, checksum: true, qdiscBypass: false, vlans: [], extensionHeaders: [] });
    }
    open({ type: 'udp6', dontFragment: false, options: new Uint8Array(0) });
  });
});

describe('createSocket', () => {
  const refusals: [string, object, RegExp][] = [
    ['a driver that is none', { driver: 'nonsense' }, /driver: got "nonsense", want one of raw-socket, .*auto/],
    ['a type that is none', { type: 'udp5' }, /type: got "udp5", want udp4 or udp6/],
    ['sizes that are none', { poolPages: 0 }, /poolPages: got 0, want 1 page or more/],
    ['a signal that is none', { signal: {} }, /signal: got/],
    ['an id of 17 bits over IPv4', { idents: 65_536 }, /idents: got 65536, want 1 … 65535 for IPv4/],
    ['an MTU with no room over IPv6', { type: 'udp6', mtu: 55 }, /mtu: got 55, want 56 … 65575 octets for IPv6/],
    ['what no driver can do at once', { driver: 'auto', queue: 1, qdiscBypass: true }, /driver: got "auto"/],
  ];
  for (const [what, options, says] of refusals) it(`refuses ${what}`, () => assert.throws(() => open(options), says));

  it('refuses a misspelt option with the nearest name, and any other with all of them', () => {
    const near = (error: { hint?: string }): boolean => error.hint === 'did you mean `flowLabel`?';
    assert.throws(() => open({ flowlabel: 5 }), near);
    assert.throws(() => open({ colour: 'red' }), /colour: got "red", want no such option/);
  });

  it('says which MTU a kernel socket has no say in, and takes one where IPV6_MTU does', () => {
    assert.throws(
      () => open({ driver: 'kernel-udp', mtu: 600 }),
      /mtu: got 600, want none with kernel-udp: an IPv4 socket/,
    );
    assert.throws(() => open({ type: 'udp6', driver: 'kernel-udp', mtu: 1279 }), /IPV6_MTU takes 1280/);
    open({ type: 'udp6', driver: 'kernel-udp', mtu: 1280 });
  });
});
