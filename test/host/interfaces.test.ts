import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findInterface, listInterfaces, parseInterfaces } from '../../src/host/interfaces.js';

/** iproute2 6.1, shortened. */
const RECORDED = JSON.stringify([
  {
    ifindex: 1,
    ifname: 'lo',
    flags: ['LOOPBACK', 'UP', 'LOWER_UP'],
    mtu: 65536,
    qdisc: 'noqueue',
    operstate: 'UNKNOWN',
    link_type: 'loopback',
    address: '00:00:00:00:00:00',
    num_tx_queues: 1,
    num_rx_queues: 1,
    gso_max_size: 65536,
    addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host', label: 'lo' }],
    stats64: {
      rx: { bytes: 5, packets: 1, errors: 0, dropped: 0 },
      tx: { bytes: 5, packets: 1, errors: 0, dropped: 0 },
    },
  },
  {},
  {
    ifindex: 7,
    link_index: 7,
    ifname: 'near0',
    flags: ['NO-CARRIER', 'BROADCAST', 'MULTICAST', 'UP'],
    mtu: 9000,
    link_type: 'ether',
    address: '02:55:46:4f:00:01',
    linkinfo: { info_kind: 'veth' },
    num_tx_queues: 2,
    num_rx_queues: 3,
    addr_info: [
      { family: 'inet', local: '192.0.2.1', prefixlen: 24 },
      { family: 'inet6', local: '2001:db8::1', prefixlen: 64, nodad: true },
    ],
    stats64: {
      rx: { bytes: 10, packets: 2, errors: 3, dropped: 4 },
      tx: { bytes: 50, packets: 6, errors: 7, dropped: 8 },
    },
  },
  { ifindex: 9, ifname: 'tun0', flags: [], mtu: 1420, link_type: 'none' },
]);

describe('interfaces', () => {
  it('are read from what ip prints, empty entries passed over', () => {
    const [lo, near, tun, ...rest] = parseInterfaces(RECORDED);
    assert.deepEqual(rest, []);
    assert.deepEqual([lo?.name, lo?.linkType, lo?.kind, lo?.carrier], ['lo', 'loopback', null, true]);
    assert.deepEqual(near, {
      name: 'near0',
      ifindex: 7,
      mtu: 9000,
      mac: '02:55:46:4f:00:01',
      up: true,
      carrier: false,
      linkType: 'ether',
      kind: 'veth',
      txQueues: 2,
      rxQueues: 3,
      gsoMaxSize: null,
      addresses: [
        { address: '192.0.2.1', prefixLen: 24, family: 4 },
        { address: '2001:db8::1', prefixLen: 64, family: 6 },
      ],
      statistics: {
        rxPackets: 2,
        rxOctets: 10,
        rxErrors: 3,
        rxDropped: 4,
        txPackets: 6,
        txOctets: 50,
        txErrors: 7,
        txDropped: 8,
      },
    });
    assert.deepEqual([tun?.mac, tun?.up, tun?.txQueues, tun?.addresses], [null, false, 1, []]);
  });

  it('of this machine have a lo, and an unknown name lists those there are', async () => {
    const names = (await listInterfaces()).map(({ name }) => name);
    assert.ok(names.includes('lo'));
    await assert.rejects(findInterface('nosuch0'), {
      code: 'ERR_UFO_INVALID_ARGUMENT',
      message: `interface: got "nosuch0", want one of ${names.join(', ')}`,
    });
  });
});
