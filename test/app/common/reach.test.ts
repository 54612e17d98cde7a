import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isNear, refuseBeyond } from '../../../src/app/common/reach.js';
import { OwnNetworks } from '../../../src/host/own-networks.js';

const networks = new OwnNetworks(['192.0.2.1/24', '2001:db8::1/64']);
const [SOURCE, HOST] = ['192.0.2.1', '192.0.2.2'];

describe('what reaches others', () => {
  const cases = [
    ['a broadcast address', 'broadcast', { from: [], to: [HOST, '192.0.2.255'] }, /DESTINATION: got "192\.0\.2\.255"/],
    ['the broadcast address', 'broadcast', { from: [], to: ['255.255.255.255'] }, /DESTINATION.*may answer/],
    ['a group', 'multicast', { from: [SOURCE], to: ['239.1.2.3'] }, /DESTINATION: got "239\.1\.2\.3"/],
    ['an IPv6 group', 'multicast', { from: [], to: ['ff02::1%eth0'] }, /DESTINATION: got "ff02::1"/],
    ['a source of others', 'spoof', { from: [SOURCE, '192.0.2.9'], to: [HOST] }, /--source: got "192\.0\.2\.9".*blame/],
    ['an IPv6 source of others', 'spoof', { from: ['2001:db8::9'], to: ['2001:db8::2'] }, /--source/],
  ] as const;
  for (const [what, name, ends, message] of cases) {
    it(`needs leave: ${what} is refused without --${name}, which the error names`, () => {
      const others = { broadcast: true, multicast: true, spoof: true, [name]: false };
      assert.throws(() => refuseBeyond(ends, others, networks), { message, hint: `if that is meant, add --${name}` });
      refuseBeyond(ends, { [name]: true }, networks);
    });
  }

  it('is not what goes from here to a host, or from the unspecified address', () => {
    refuseBeyond({ from: [SOURCE, '127.0.0.1', '0.0.0.0'], to: [HOST, '203.0.113.7'] }, {}, networks);
  });

  it('is near on a link, and to a group only while its TTL keeps it there', () => {
    const near = (text: string, ttl?: number) => isNear(text, ttl, networks);
    assert.deepEqual(
      [HOST, '203.0.113.7', '2001:db8::7', '239.1.1.1'].map((to) => near(to)),
      [true, false, true, true],
    );
    assert.deepEqual([near('239.1.1.1', 2), near(HOST, 2)], [false, true]);
  });
});
