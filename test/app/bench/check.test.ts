import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultIn } from '../../../src/app/bench/check.js';
import { MAIN } from '../../../src/app/bench/scenario.js';
import { makePayload } from '../../../src/payload/generated.js';
import { Verifier } from '../../../src/verify/verifier.js';
import { flow4, fragments, frame, pattern, udpPacket } from '../../verify/build.js';

const SIZE = 4000;
const packetsOf = (size: number, ident: number, payload = pattern(size)): Uint8Array[] =>
  fragments({ ...flow4, ident }, udpPacket(flow4, payload), 1480);

/** What is wrong with these packets where two datagrams of 4,000 octets in three packets each were to come. */
function faultOf(packets: readonly Uint8Array[], more: { mtu?: number } = {}): string | null {
  const verifier = new Verifier({ hash: false, sightings: true });
  const verdicts = [...verifier.push(packets.map((octets) => frame(octets))), ...verifier.end()];
  return faultIn(verdicts, { ...MAIN, size: SIZE, datagrams: 2, packets: 6, ...more });
}

describe('what a contestant of the benchmark sends', () => {
  it('is right by datagrams of their own, and by the same one replayed', () => {
    assert.equal(faultOf([...packetsOf(SIZE, 1), ...packetsOf(SIZE, 2)]), null);
    assert.equal(faultOf([...packetsOf(SIZE, 1), ...packetsOf(SIZE, 1)]), null);
    const stamped = makePayload(SIZE, 1, 0);
    assert.equal(
      faultOf([...packetsOf(SIZE, 1, stamped), ...packetsOf(SIZE, 2, stamped)]),
      null,
      'hot ones are the same',
    );
  });

  it('is wrong with an octet changed, another length, a packet too few, or one over the MTU', () => {
    const [first, second] = [packetsOf(SIZE, 1), packetsOf(SIZE, 2)];
    const broken = second.map((octets) => octets.slice());
    broken[1]![30]! ^= 1;
    assert.match(faultOf([...first, ...broken])!, /a datagram is bad/);
    assert.match(faultOf([...first, ...packetsOf(SIZE - 8, 2)])!, /not among those sent/);
    assert.match(faultOf([...first, ...second.slice(0, 2)])!, /a datagram is incomplete/);
    assert.match(faultOf(first)!, /got 3 packets of 1 datagram\(s\) at the far end, want 6 of 2/);
    assert.match(faultOf([...first, ...second], { mtu: 1400 })!, /mtu/i);
  });
});
