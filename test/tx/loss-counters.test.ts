import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountOf, parseTxCounters } from '../../src/tx/loss-counters.js';

const PROC_NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1840 20 0 1 0 0 0 0 1840 20 0 2 0 0 0 0
 near0: 5 6 0 3 0 0 0 0 7 8 4 41 0 0 0 0
near0:1:9 9 9 9 9 9 9 9 9 9 9 43 9 9 9 9
`;

describe('parseTxCounters', () => {
  it('reads the transmit half', () => {
    assert.deepEqual(parseTxCounters(PROC_NET_DEV, 'near0'), { packets: 8, errors: 4, dropped: 41 });
    assert.deepEqual(parseTxCounters(PROC_NET_DEV, 'lo'), { packets: 20, errors: 0, dropped: 2 });
  });
  it('knows a name with a colon', () => assert.equal(parseTxCounters(PROC_NET_DEV, 'near0:1')?.dropped, 43));
  it('is null for an interface that is not there', () => assert.equal(parseTxCounters(PROC_NET_DEV, 'far0'), null));
});

describe('the account of a device', () => {
  const NONE = { socket: 0, qdisc: 0, driver: 0, backlog: 0, neighbour: 0, unknown: 0 };
  const account = (
    taken: number,
    packets: number,
    more: { dropped?: number; errors?: number; backlog?: number; refused?: number; largest?: number } = {},
  ) =>
    accountOf(
      { taken, refused: more.refused ?? 0, largest: more.largest ?? 1 },
      { packets, errors: more.errors ?? 0, dropped: more.dropped ?? 0 },
      more.backlog ?? 0,
    );

  it('adds up: what was taken was sent, or is lost somewhere, or is not known of', () => {
    assert.deepEqual(account(100, 100), NONE);
    assert.deepEqual(account(100, 90), { ...NONE, unknown: 10 });
    assert.deepEqual(account(100, 90, { dropped: 10 }), { ...NONE, qdisc: 10 });
    assert.deepEqual(account(100, 90, { dropped: 4, errors: 3 }), { ...NONE, qdisc: 4, driver: 3, unknown: 3 });
    assert.deepEqual(account(100, 90, { dropped: 10, backlog: 10 }), { ...NONE, backlog: 10 });
    assert.deepEqual(account(100, 90, { backlog: 7 }), { ...NONE, backlog: 7, unknown: 3 });
  });
  it('counts a datagram that was dropped before it was cut as all its packets, and no more than are missing', () => {
    assert.deepEqual(account(450, 360, { dropped: 2, largest: 45 }), { ...NONE, qdisc: 90 });
    assert.deepEqual(account(450, 400, { dropped: 2, largest: 45 }), { ...NONE, qdisc: 50 });
  });
  it('tells a drop though packets of others cover what is missing', () => {
    assert.deepEqual(account(100, 103, { dropped: 2 }), { ...NONE, qdisc: 2 });
  });
  it('leaves out what was refused and sent again', () => {
    assert.deepEqual(account(100, 100, { dropped: 5, backlog: 5, refused: 5 }), NONE);
    assert.deepEqual(
      account(100, 100, { dropped: 9, refused: 5 }),
      NONE,
      'a call that took some before told nobody of the next',
    );
    assert.deepEqual(account(100, 98, { dropped: 9, refused: 5 }), { ...NONE, qdisc: 2 });
  });
  it('knows nothing where the interface is not there', () => {
    assert.deepEqual(accountOf({ taken: 5, refused: 0, largest: 1 }, null, 0), {
      ...NONE,
      qdisc: null,
      driver: null,
      unknown: null,
    });
  });
});
