import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Sent, sha256 } from '../../../src/app/common/sent.js';
import { makePayload } from '../../../src/payload/generated.js';
import type { DatagramVerdict } from '../../../src/verify/verdict.js';

const FLOW = { source: '192.0.2.1', sourcePort: 1111, destination: '192.0.2.2', destinationPort: 9999 };

function seen(payload: Uint8Array, sourcePort = 1111): DatagramVerdict {
  const { source, destination } = FLOW;
  return {
    ...{ type: 'datagram', family: 4, source, destination, ident: 7, protocol: 17, fragments: 3 },
    ...{ duplicates: 0, overlaps: 0, conflicts: 0, holes: [], complete: true, headerChecksumErrors: 0 },
    udp: { sourcePort, destinationPort: 9999, length: 8 + payload.length, checksum: 'good' },
    ...{ payloadLen: payload.length, payloadSha256: sha256(payload), verdict: 'good', mismatches: [], notes: [] },
    ...{ via: null, findings: [], cut: false, offloaded: null, fragmentList: null },
  };
}

describe('what was sent', () => {
  it('is seen as often as it was sent, in any order', () => {
    const sent = new Sent(FLOW);
    const file = Buffer.from('file');
    const payloads = [makePayload(100, 1, 0), makePayload(100, 1, 1), file, file, new Uint8Array(0)];
    for (const payload of payloads) sent.add(payload);
    for (const payload of payloads.toReversed()) assert.deepEqual(sent.take(seen(payload)), []);
    assert.equal(sent.count, 5);
    for (const payload of payloads) assert.match(sent.take(seen(payload))[0]!, /want one that was sent and not seen/);
  });

  it('differs where one octet does', () => {
    const sent = new Sent(FLOW);
    const payload = makePayload(3000, 5, 9);
    sent.add(payload);
    const spoilt = payload.slice();
    spoilt[2000]! ^= 1;
    assert.equal(sent.take(seen(spoilt)).length, 1);
    assert.deepEqual(sent.take(seen(payload)), []);
  });

  it('is not what others send', () => {
    const sent = new Sent(FLOW);
    const datagram = seen(Buffer.from('x'));
    assert.ok(sent.owns(datagram));
    assert.ok(!sent.owns(seen(Buffer.from('x'), 1112)));
    assert.ok(!sent.owns({ ...datagram, source: '192.0.2.3' }));
    assert.ok(sent.owns({ ...datagram, udp: null }), 'fragments without a first one may be ours');
  });
});
