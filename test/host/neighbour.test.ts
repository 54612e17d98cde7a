import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { multicastMac, nextHopMac, openInArp, parseNeighbours } from '../../src/host/neighbour.js';
import { findWayOut } from '../../src/host/route.js';

describe('neighbour', () => {
  it('entries are read from what ip prints', () => {
    const json =
      '[{"dst":"192.0.2.2","dev":"near0","lladdr":"02:55:46:4f:00:02","state":["REACHABLE"]},' +
      '{"dst":"192.0.2.7","dev":"near0","state":["FAILED"]},{"dst":"192.0.2.8","state":["INCOMPLETE"]}]';
    assert.deepEqual(parseNeighbours(json), [
      { address: '192.0.2.2', mac: '02:55:46:4f:00:02', state: 'REACHABLE' },
      { address: '192.0.2.7', mac: null, state: 'FAILED' },
      { address: '192.0.2.8', mac: null, state: 'INCOMPLETE' },
    ]);
    assert.deepEqual(parseNeighbours(''), []);
  });

  it('multicast MACs follow RFC 1112 and RFC 2464', () => {
    assert.equal(multicastMac('239.129.2.3'), '01:00:5e:01:02:03'); // 23 bits only
    assert.equal(multicastMac('ff02::1:ff00:2'), '33:33:ff:00:00:02');
    assert.equal(multicastMac('192.0.2.2'), null);
    assert.equal(multicastMac('2001:db8::2'), null);
  });

  it('of lo is zero', async () => {
    const { route, link } = await findWayOut('127.0.0.1');
    assert.equal(await nextHopMac(route, link), '00:00:00:00:00:00');
  });

  it('knows by /proc/net/arp who has not answered on an interface', () => {
    const text = [
      'IP address       HW type     Flags       HW address            Mask     Device',
      '192.0.2.9        0x1         0x0         00:00:00:00:00:00     *        near0',
      '192.0.2.2        0x1         0x6         02:00:00:00:00:02     *        near0',
      '192.0.2.7        0x1         0x0         00:00:00:00:00:00     *        eth0',
      '',
    ].join('\n');
    assert.deepEqual(openInArp(text, 'near0'), ['192.0.2.9']);
  });
});
