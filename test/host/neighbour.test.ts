import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { multicastMac, nextHopMac, parseNeighbours } from '../../src/host/neighbour.js';
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
});
