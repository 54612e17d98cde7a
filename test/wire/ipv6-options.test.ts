import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OptionsFound, walkOptions } from '../../src/wire/ipv6-options.js';
import { hex } from './helpers.js';

/** Octets of next header and length in front of the options. */
const HEAD = 2;
const NOTHING = {
  overrun: -1,
  discard: -1,
  special: -1,
  homeAddress: -1,
  jumbo: -1,
  padding: -1,
  wrongLen: -1,
  count: 0,
};
const HOP_BY_HOP = true;
const DESTINATION = false;

/** What is found in a header with these options, offsets from the header's beginning, wherever in the view that is. */
function find(options: string, hopByHop: boolean): object {
  const [first, second] = [0, 3].map((base) => {
    const octets = Uint8Array.from([...new Uint8Array(base).fill(0xff), 0x11, 0, ...hex(options), 0xff, 0xff]);
    const out = new OptionsFound();
    walkOptions(new DataView(octets.buffer), base, octets.length - base - 2, hopByHop, out);
    const shifted = Object.entries(out).map(([key, at]) => [key, key === 'count' || at < 0 ? at : at - base]);
    return Object.fromEntries(shifted) as object;
  });
  assert.deepEqual(first, second, `${options} at octet 0 and at octet 3`);
  return first!;
}

function check(options: string, hopByHop: boolean, want: Partial<typeof NOTHING>): void {
  const where = `${options} in ${hopByHop ? 'hop-by-hop' : 'destination'} options`;
  assert.deepEqual(find(options, hopByHop), { ...NOTHING, ...want }, where);
}

describe('IPv6 options', () => {
  it('end with their header, and one that leads past it ends the walk (RFC 8200 §4.2)', () => {
    for (const hopByHop of [HOP_BY_HOP, DESTINATION]) {
      check('0104 00000000', hopByHop, {});
      check('1e02 0000 1e00', hopByHop, { count: 2 });
      check('0105 00000000', hopByHop, { overrun: HEAD });
      check('1e02 0000 1e01', hopByHop, { overrun: HEAD + 4, count: 1 });
      check('1e02 0000 00 1e', hopByHop, { overrun: HEAD + 5, count: 1 });
      check('c2ff 0000 c900', hopByHop, { overrun: HEAD });
    }
  });

  it('of the kinds that a host does not know are told by the two highest bits of the type (RFC 8200 §4.2)', () => {
    for (const hopByHop of [HOP_BY_HOP, DESTINATION]) {
      check('1e04 00000000', hopByHop, { count: 1 });
      check('3e04 ffffffff', hopByHop, { count: 1 });
      for (const type of ['5e', '9e', 'de']) check(`${type}04 00000000`, hopByHop, { discard: HEAD, count: 1 });
      check('1e00 5e00 9e00', hopByHop, { discard: HEAD + 2, count: 3 });
    }
  });

  it('that nodes of their kind know are told apart', () => {
    for (const hopByHop of [HOP_BY_HOP, DESTINATION]) {
      for (const type of ['63', '6d', '8b', '8c', 'ee']) {
        check(`${type}04 00000000`, hopByHop, { special: HEAD, count: 1 });
        check(`de00 ${type}02 0000`, hopByHop, { discard: HEAD, special: HEAD + 2, count: 2 });
      }
      check('6200 6400 6c00', hopByHop, { discard: HEAD, count: 3 });
    }
    check('0708 00000000 00000000', HOP_BY_HOP, { special: HEAD, count: 1 });
    check('0708 00000000 00000000', DESTINATION, { count: 1 });
  });

  it('IOAM begins at a multiple of four octets, and only in hop-by-hop options (RFC 9486)', () => {
    check('0100 3102 0000', HOP_BY_HOP, { count: 1 });
    for (const [pad, at] of [
      ['', 0],
      ['00', 1],
      ['0101 00', 3],
    ] as const)
      check(`${pad} 3102 0000`, HOP_BY_HOP, { special: HEAD + at, count: 1 });
    check('3102 0000', DESTINATION, { count: 1 });
    check('0100 3302 0000', HOP_BY_HOP, { count: 1 });
  });

  it('jumbo payload lengths have four octets, in hop-by-hop options (RFC 2675 §2)', () => {
    check('c204 00010000', HOP_BY_HOP, { jumbo: HEAD + 2, count: 1 });
    check('1e00 c204 00010000', HOP_BY_HOP, { jumbo: HEAD + 4, count: 2 });
    check('c203 000100 00', HOP_BY_HOP, { discard: HEAD, count: 1 });
    check('c205 0001000000', HOP_BY_HOP, { discard: HEAD, count: 1 });
    check('c204 00010000', DESTINATION, { discard: HEAD, count: 1 });
  });

  it('home addresses have sixteen octets, in destination options (RFC 6275 §6.3)', () => {
    const address = '20010db8000000000000000000000001';
    check(`c910 ${address}`, DESTINATION, { homeAddress: HEAD + 2, count: 1 });
    check(`00 00 c910 ${address}`, DESTINATION, { homeAddress: HEAD + 4, count: 1 });
    check(`c910 ${address}`, HOP_BY_HOP, { discard: HEAD, count: 1 });
    check(`c90f ${address.slice(2)} 00`, DESTINATION, { discard: HEAD, count: 1 });
    check(`c911 ${address} 00`, DESTINATION, { discard: HEAD, count: 1 });
  });

  it('router alerts have two octets, where routers look (RFC 2711 §2.1)', () => {
    check('0502 0000', HOP_BY_HOP, { count: 1 });
    check('1e00 0501 00 00', HOP_BY_HOP, { wrongLen: HEAD + 2, count: 2 });
    check('0503 000000', HOP_BY_HOP, { wrongLen: HEAD, count: 1 });
    check('0503 000000', DESTINATION, { count: 1 });
  });

  it('pad with zeros, and no more than seven in a row: more is a channel that Linux closes (RFC 4942 §2.1.9.5)', () => {
    const pad1 = (count: number): string => '00'.repeat(count);
    const padN = (len: number): string => `01${(len - 2).toString(16).padStart(2, '0')}${'00'.repeat(len - 2)}`;
    for (const hopByHop of [HOP_BY_HOP, DESTINATION]) {
      for (const fine of [pad1(7), padN(7), pad1(5) + padN(2), padN(2) + pad1(5), `${padN(7)} 1e00 ${padN(7)}`])
        check(fine, hopByHop, { count: fine.includes('1e') ? 1 : 0 });
      check(pad1(8), hopByHop, { padding: HEAD + 7 });
      check(padN(8), hopByHop, { padding: HEAD });
      check(pad1(6) + padN(2), hopByHop, { padding: HEAD + 6 });
      check(`1e00 ${padN(7)}${pad1(1)}`, hopByHop, { padding: HEAD + 9, count: 1 });
      for (const data of ['01000000', '00000001']) check(`00 0104 ${data}`, hopByHop, { padding: HEAD + 1 });
      check('0100 1e01 ff', hopByHop, { count: 1 });
      check('1e04 01000001', hopByHop, { count: 1 });
    }
  });

  it('of one header are forgotten for the next', () => {
    const out = new OptionsFound();
    assert.deepEqual({ ...out }, NOTHING);
    const walk = (options: string, hopByHop: boolean): void => {
      const octets = hex(`1100 ${options}`);
      walkOptions(new DataView(octets.buffer), 0, octets.length, hopByHop, out);
    };
    walk('c204 00010000 0501 00 de00 8b00 0101 01 1e02', HOP_BY_HOP);
    assert.deepEqual(
      { ...out },
      { ...NOTHING, overrun: 18, discard: 11, special: 13, jumbo: 4, padding: 15, wrongLen: 8, count: 4 },
    );
    walk(`c910 ${'20'.repeat(16)}`, DESTINATION);
    assert.deepEqual({ ...out }, { ...NOTHING, homeAddress: 4, count: 1 });
    walk('0104 00000000', DESTINATION);
    assert.deepEqual({ ...out }, NOTHING);
  });
});
