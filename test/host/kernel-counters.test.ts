import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  diffKernelCounters,
  explainLosses,
  parseKernelCounters,
  readKernelCounters,
} from '../../src/host/kernel-counters.js';

const snmp = (
  reasmFails: number,
  rcvbufErrors: number,
) => `Ip: Forwarding DefaultTTL InReceives ReasmReqds ReasmOKs ReasmFails
Ip: 2 64 900 450 10 ${reasmFails}
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors
Udp: 20 1 5 30 ${rcvbufErrors}
UdpLite: InDatagrams RcvbufErrors
UdpLite: 99 99
`;
const SNMP6 = `Ip6InReceives                   \t44
Ip6ReasmFails                   \t3
Udp6RcvbufErrors                \t2
UdpLite6RcvbufErrors            \t99
`;
const SOFTNET = `000ff973 00000010 00000000 00000000
000bf008 00000002 00000000 00000000
`;

describe('kernel counters', () => {
  it('are read from snmp, snmp6 and softnet_stat; what a kernel has not is 0', () => {
    const counters = parseKernelCounters(snmp(7, 4), SNMP6, SOFTNET);
    assert.equal(counters['Ip.ReasmFails'], 7);
    assert.equal(counters['Udp.RcvbufErrors'], 4);
    assert.equal(counters['Udp.InDatagrams'], 20);
    assert.equal(counters['Ip6.ReasmFails'], 3);
    assert.equal(counters['Udp6.RcvbufErrors'], 2);
    assert.equal(counters['softnet.dropped'], 18);
    assert.equal(counters['Udp.MemErrors'], 0);
  });

  it('tell a loss and its reason by their difference', () => {
    const before = parseKernelCounters(snmp(7, 4), SNMP6, SOFTNET);
    const losses = explainLosses(diffKernelCounters(before, parseKernelCounters(snmp(7, 22), SNMP6, SOFTNET)));
    assert.deepEqual(
      losses.map(({ counter, count }) => [counter, count]),
      [['Udp.RcvbufErrors', 18]],
    );
    assert.match(losses[0]!.meaning, /receive buffer/);
    assert.deepEqual(explainLosses(diffKernelCounters(before, before)), []);
  });

  it('of this machine are numbers', () => {
    for (const [name, value] of Object.entries(readKernelCounters())) assert.ok(Number.isSafeInteger(value), name);
  });
});
