import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkMtu, createFlow, type FlowOptions } from '../../src/skb/flow.js';

const ENDS = {
  4: { source: '192.0.2.1', destination: '192.0.2.2' },
  6: { source: '2001:db8::1', destination: '2001:db8::2' },
} as const;
const flowOf = (family: 4 | 6, more: Partial<FlowOptions> = {}) =>
  createFlow({ ...ENDS[family], sourcePort: 0, destinationPort: 1, mtu: 1500, ...more });
const refused = (what: RegExp) => ({ code: 'ERR_UFO_INVALID_ARGUMENT', message: what });

describe('a flow', () => {
  for (const [family, least, most] of [
    [4, 28, 65_535],
    [6, 56, 65_575],
  ] as const) {
    it(`has an MTU that packets of IPv${family} can have, or that of a link for larger ones`, () => {
      const range = refused(new RegExp(`^mtu: .*${least} … ${most} octets for IPv${family}`));
      for (const mtu of [least, most]) {
        checkMtu(mtu, family);
        assert.equal(flowOf(family, { mtu }).mtu, mtu);
      }
      assert.equal(flowOf(family, { mtu: 65_576 }).mtu, 65_576);
      for (const mtu of [least - 1, most + 1, 1500.5]) assert.throws(() => checkMtu(mtu, family), range);
      assert.throws(() => flowOf(family, { mtu: least - 1 }), range);
    });
  }

  it('has numbers that its headers have room for', () => {
    for (const [name, least, most] of [
      ['sourcePort', 0, 65_535],
      ['destinationPort', 1, 65_535],
      ['ttl', 1, 255],
      ['tos', 0, 255],
      ['flowLabel', 0, 0xf_ffff],
    ] as const) {
      for (const value of [least, most]) assert.equal(flowOf(6, { [name]: value })[name], value);
      for (const value of [least - 1, most + 1, Number.NaN])
        assert.throws(() => flowOf(6, { [name]: value }), refused(new RegExp(`^${name}: .*${least} … ${most}`)));
    }
  });

  it('is of one family, in its addresses and in what its headers may hold', () => {
    assert.throws(() => flowOf(4, { source: '2001:db8::1' }), refused(/^source: .*an IPv4 address, as 192.0.2.2/));
    assert.throws(() => flowOf(4, { source: 'here' }), refused(/^source: /));
    assert.throws(() => flowOf(6, { options: Uint8Array.of(1) }), refused(/^options: .*none for IPv6/));
    const extensionHeaders = [{ type: 60, octets: new Uint8Array(8) }];
    assert.equal(flowOf(6, { extensionHeaders }).extensionHeaders, extensionHeaders);
    assert.throws(() => flowOf(4, { extensionHeaders }), refused(/^extensionHeaders: .*none for IPv4/));
  });

  it('takes nothing for what it is not', () => {
    for (const more of [
      { dontFragment: 1 },
      { checksum: 'no' },
      { options: [1] },
      { linkHeader: 'x' },
      { extensionHeaders: {} },
      { extensionHeaders: [{ type: 60 }] },
      { extensionHeaders: [null] },
    ]) {
      assert.throws(() => flowOf(6, more as never), { name: 'TypeError', code: 'ERR_UFO_INVALID_ARGUMENT' });
    }
  });
});
