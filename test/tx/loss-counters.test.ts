import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTxDropped } from '../../src/tx/loss-counters.js';

const PROC_NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1840 20 0 1 0 0 0 0 1840 20 0 2 0 0 0 0
 near0: 5 6 0 3 0 0 0 0 7 8 0 41 0 0 0 0
near0:1:9 9 9 9 9 9 9 9 9 9 9 43 9 9 9 9
`;

describe('parseTxDropped', () => {
  it('reads the column drop of the transmit half', () => {
    assert.equal(parseTxDropped(PROC_NET_DEV, 'near0'), 41);
    assert.equal(parseTxDropped(PROC_NET_DEV, 'lo'), 2);
  });
  it('knows a name with a colon', () => assert.equal(parseTxDropped(PROC_NET_DEV, 'near0:1'), 43));
  it('is null for an interface that is not there', () => assert.equal(parseTxDropped(PROC_NET_DEV, 'far0'), null));
});
