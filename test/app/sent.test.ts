import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Sent } from '../../src/app/sent.js';
import type { Datagram } from '../../src/verify/judge.js';
import { makePayload } from '../../src/verify/payload.js';
import type { MutableVerdict } from '../../src/verify/verdict.js';

const FLOW = { source: '192.0.2.1', sourcePort: 1111, destination: '192.0.2.2', destinationPort: 9999 };
const NONE = new Uint8Array(0);

function verdictOf(udp: MutableVerdict['udp'], source = FLOW.source): MutableVerdict {
  return {
    ...{ type: 'datagram', family: 4, source, destination: FLOW.destination, ident: 7, protocol: 17, fragments: 3 },
    ...{ duplicates: 0, overlaps: 0, conflicts: 0, holes: [], complete: true, headerChecksumErrors: 0, udp },
    ...{ payloadLen: null, payloadSha256: null, verdict: 'good', mismatches: [], notes: [] },
  };
}

function seen(payload: Uint8Array, sourcePort = 1111): Datagram {
  const udp = { sourcePort, destinationPort: 9999, length: 8 + payload.length, checksum: 'good' as const };
  return { verdict: verdictOf(udp), header: NONE, ipPayload: NONE, payload, time: 0 };
}

describe('what was sent', () => {
  it('is seen as often as it was sent, in any order', () => {
    const sent = new Sent(FLOW);
    const payloads = [makePayload(100, 1, 0), makePayload(100, 1, 1), Buffer.from('file'), Buffer.from('file'), NONE];
    for (const payload of payloads) sent.add(payload);
    for (const payload of payloads.toReversed()) assert.deepEqual(sent.observe(seen(payload)), []);
    assert.deepEqual([sent.sent, sent.seen], [5, 5]);
    assert.match(sent.observe(seen(Buffer.from('file')))[0]!, /got 4 octets, want one that was sent/);
    assert.match(sent.observe(seen(payloads[1]!))[0]!, /got 100 octets, datagram 1 of seed 1/);
  });

  it('differs where one octet does', () => {
    const sent = new Sent(FLOW);
    const payload = makePayload(3000, 5, 9);
    sent.add(payload);
    const spoilt = payload.slice();
    spoilt[2000]! ^= 1;
    assert.match(sent.observe(seen(spoilt))[0]!, /payload octet 2000/);
  });

  it('leaves the datagrams of others alone', () => {
    const sent = new Sent(FLOW);
    assert.deepEqual(sent.observe(seen(Buffer.from('other'), 1112)), []);
    assert.equal(sent.seen, 0);
    assert.ok(sent.owns(verdictOf(null)), 'fragments without a first one may be ours');
    assert.ok(!sent.owns(verdictOf(null, '192.0.2.3')));
  });
});
