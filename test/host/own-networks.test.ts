import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OwnNetworks } from '../../src/host/own-networks.js';
import { parseAddress } from '../../src/wire/address.js';

const networks = new OwnNetworks([
  '192.0.2.1/24',
  '198.51.100.4/31',
  '203.0.113.9/30',
  '2001:db8::1/64',
  '127.0.0.1/8',
]);

describe("this host's own networks", () => {
  const cases: [address: string, has: boolean, onLink: boolean, isBroadcast: boolean][] = [
    ['192.0.2.1', true, true, false],
    ['192.0.2.254', false, true, false],
    ['192.0.2.255', false, true, true],
    ['192.0.3.1', false, false, false],
    ['198.51.100.5', false, true, false],
    ['203.0.113.11', false, true, true],
    ['203.0.113.12', false, false, false],
    ['255.255.255.255', false, true, true],
    ['127.9.9.9', true, true, false],
    ['127.255.255.255', true, true, true],
    ['224.0.0.255', false, false, false],
    ['2001:db8::1', true, true, false],
    ['2001:db8::ffff:ffff:ffff:ffff', false, true, false],
    ['2001:db8:0:1::1', false, false, false],
    ['fe80::1%eth0', false, true, false],
    ['::1', true, true, false],
  ];
  for (const [text, has, onLink, isBroadcast] of cases) {
    it(`${text}: ${has ? 'ours' : onLink ? 'on a link' : 'beyond'}${isBroadcast ? ', broadcast' : ''}`, () => {
      const address = parseAddress(text)!;
      const told = [networks.has(address), networks.onLink(address), networks.isBroadcast(address)];
      assert.deepEqual(told, [has, onLink, isBroadcast]);
    });
  }

  it('are read from the interfaces of this host', () => {
    const own = new OwnNetworks();
    assert.equal(own.has(parseAddress('127.0.0.1')!), true);
    assert.equal(own.has(parseAddress('203.0.113.77')!), false);
  });
});
