import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { Expectation, type ExpectedDatagram } from '../../src/compare/expectation.js';
import { makePayload } from '../../src/payload/generated.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { flow4, flow6, fragments, frame, pattern, udpPacket } from '../verify/build.js';

const [SEED, LENGTH] = [7, 3000];
const expected = (sequence: number, more: Partial<ExpectedDatagram> = {}): ExpectedDatagram => ({
  payload: { seed: SEED, sequence, length: LENGTH },
  ...more,
});
const packetsOf = (payload: Uint8Array, ident = flow4.ident, flow = flow4): Uint8Array[] =>
  fragments({ ...flow, ident }, udpPacket(flow, payload));

function judge(expectation: Expectation, packets: readonly Uint8Array[]): DatagramVerdict[] {
  const verifier = new Verifier({ observe: expectation.observe });
  return [...verifier.push(packets.map((packet) => frame(packet))), ...verifier.end()];
}

describe('what was sent', () => {
  it('is good when it came so', () => {
    const fields = { source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 1111, destinationPort: 9999 };
    const expectation = new Expectation([expected(0, { ...fields, ident: 1, fragments: 3 }), expected(1)]);
    const packets = [...packetsOf(makePayload(LENGTH, SEED, 1), 2), ...packetsOf(makePayload(LENGTH, SEED, 0), 1)];
    assert.ok(judge(expectation, packets).every(({ verdict }) => verdict === 'good'));
    assert.deepEqual(expectation.missing(), []);
  });

  it('is missing when it did not come, or not whole', () => {
    const expectation = new Expectation([expected(0), expected(1), expected(2)]);
    const packets = [
      ...packetsOf(makePayload(LENGTH, SEED, 0), 1),
      ...packetsOf(makePayload(LENGTH, SEED, 2), 2).slice(1),
    ];
    judge(expectation, packets);
    assert.deepEqual(
      expectation.missing().map(({ payload }) => 'sequence' in payload && payload.sequence),
      [1, 2],
    );
  });

  it('with another octet is bad, whatever its checksum says', () => {
    const payload = makePayload(LENGTH, SEED, 0);
    payload[1234]! ^= 1;
    const [verdict] = judge(new Expectation([expected(0)]), packetsOf(payload));
    assert.equal(verdict!.udp!.checksum, 'good');
    assert.equal(verdict!.verdict, 'bad');
    assert.match(verdict!.mismatches[0]!, /^payload octet 1234 got \d+, want that of seed 7, datagram 0$/);
  });

  it('spliced from two datagrams is bad', () => {
    const payload = makePayload(LENGTH, SEED, 0);
    payload.set(makePayload(LENGTH, SEED, 1).subarray(1472), 1472);
    const [verdict] = judge(new Expectation([expected(0), expected(1)]), packetsOf(payload));
    assert.match(verdict!.mismatches[0]!, /^payload octet 147\d /);
  });

  it('with other fields is bad and names them', () => {
    const wanted = expected(0, { source: '192.0.2.7', destinationPort: 53, ident: 9, fragments: 45 });
    const [verdict] = judge(new Expectation([wanted]), packetsOf(makePayload(LENGTH, SEED, 0), 10));
    assert.deepEqual(verdict!.mismatches, [
      'source got 192.0.2.1, want 192.0.2.7 as sent',
      'destinationPort got 9999, want 53 as sent',
      'ident got 10, want 9 as sent',
      'fragments got 3, want 45 as sent',
    ]);
  });

  it('is known by ident or hash where it was not generated', () => {
    const payload = pattern(2000);
    const sha256 = createHash('sha256').update(payload).digest('hex');
    const byHash = new Expectation([{ payload: { sha256, length: 2000 } }]);
    assert.equal(judge(byHash, packetsOf(payload, 5, flow6))[0]!.verdict, 'good');
    assert.deepEqual(byHash.missing(), []);
    const byIdent = new Expectation([{ ident: 5, payload: { sha256, length: 2000 } }]);
    const [verdict] = judge(byIdent, packetsOf(pattern(2000, 3), 5, flow6));
    assert.match(verdict!.mismatches[0]!, /^payload sha256 got /);
  });

  it('that comes twice or was never sent is counted and not judged', () => {
    const expectation = new Expectation([expected(0)]);
    const once = packetsOf(makePayload(LENGTH, SEED, 0), 1);
    const verdicts = judge(expectation, [
      ...once,
      ...packetsOf(makePayload(LENGTH, SEED, 0), 2),
      ...packetsOf(pattern(1500), 3),
    ]);
    assert.ok(verdicts.every(({ verdict }) => verdict === 'good'));
    assert.deepEqual([expectation.repeated, expectation.unexpected], [1, 1]);
  });
});
