import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { udpFilter } from '../../src/capture/filter.js';

describe('filter', () => {
  it('takes UDP with its fragments of either family, and never asks for a port', () => {
    assert.equal(udpFilter(), 'ip proto 17 or ip6');
    assert.equal(udpFilter({ family: 6 }), 'ip6');
  });

  it('goes by hosts, in the family they have', () => {
    assert.equal(udpFilter({ hosts: ['192.0.2.1'] }), 'ip proto 17 and host 192.0.2.1');
    assert.equal(udpFilter({ hosts: ['2001:db8::1', 'fe80::1%eth0'] }), 'ip6 and host 2001:db8::1 and host fe80::1');
  });

  it('looks behind one and two VLAN tags', () => {
    assert.equal(udpFilter({ family: 6, vlan: true }), '(ip6) or (vlan and (ip6 or (vlan and (ip6))))');
  });

  it('refuses what is no address, and two families at once', () => {
    assert.throws(() => udpFilter({ hosts: ['or 1=1'] }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    assert.throws(() => udpFilter({ hosts: ['192.0.2.1'], family: 6 }), /^TypeError: host: .*one family/);
  });
});
