import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { demoCases, LARGEST, packetsOf } from '../../../src/app/demo/cases.js';
import { type DemoSighting, demoRow } from '../../../src/app/demo/row.js';
import { demoTable } from '../../../src/app/demo/table.js';
import { tracedWay } from '../../../src/app/demo/way.js';
import { UfoError } from '../../../src/errors.js';
import { makePayload } from '../../../src/payload/generated.js';
import type { SendResult } from '../../../src/socket/flight/datagram.js';
import type { DatagramVerdict } from '../../../src/verify/verdict.js';

const SENT: SendResult = {
  ...{ way: 'software-ufo', why: 'because', driver: 'raw-socket', ident: 7, gsoSize: 1480 },
  ...{ fragments: 45, fragmentsSent: 45, octets: 65_507 },
};
const VERDICT: DatagramVerdict = {
  ...{ type: 'datagram', family: 4, source: '192.0.2.1', destination: '192.0.2.2', ident: 7, protocol: 17 },
  ...{ fragments: 45, duplicates: 0, overlaps: 0, conflicts: 0, holes: [], complete: true, headerChecksumErrors: 0 },
  ...{ udp: null, payloadLen: 65_507, payloadSha256: 'aa', verdict: 'good', mismatches: [], notes: [] },
  ...{ via: null, findings: [], cut: false, offloaded: null, fragmentList: null },
};
const SIGHTING: DemoSighting = {
  sent: SENT,
  sha256: 'aa',
  received: { port: 1, length: 65_507, sha256: 'aa' },
  verdict: VERDICT,
};
const [CASE] = demoCases(1500);

describe('demo', () => {
  it('begins with the largest datagrams in 45 and 46 fragments, and tries every size by raw-socket', () => {
    const cases = demoCases(1500);
    assert.deepEqual(
      cases.slice(0, 2).map(({ driver, family, size, packets }) => [driver, family, size, packets]),
      [
        ['raw-socket', 4, 65_507, 45],
        ['raw-socket', 6, 65_527, 46],
      ],
    );
    const sizes = cases.filter(({ driver, family }) => driver === 'raw-socket' && family === 6).map(({ size }) => size);
    assert.deepEqual(sizes, [65_527, 0, 1, 1452, 1453, 8192]);
  });

  it('counts packets by the RFCs', () => {
    assert.deepEqual([packetsOf(4, 1500, 1472), packetsOf(4, 1500, 1473)], [1, 2]);
    assert.deepEqual([packetsOf(6, 1500, 1452), packetsOf(6, 1500, 1453)], [1, 2]);
    assert.deepEqual([packetsOf(4, 9000, LARGEST[4]), packetsOf(6, 9000, LARGEST[6])], [8, 8]);
  });

  it('passes a row of which all sightings agree', () => {
    assert.deepEqual(demoRow(CASE!, SIGHTING).faults, []);
  });

  const faults: [string, Partial<DemoSighting>, RegExp][] = [
    ['too few sent', { sent: { ...SENT, fragmentsSent: 44 } }, /sent 44 packets, want 45/],
    ['a duplicate on the wire', { verdict: { ...VERDICT, duplicates: 1 } }, /captured 46 packets, want 45/],
    ['nothing on the wire', { verdict: null }, /captured 0 packets/],
    ['a bad verdict', { verdict: { ...VERDICT, verdict: 'bad', mismatches: ['checksum'] } }, /bad,checksum/],
    ['nothing delivered', { received: null }, /not delivered/],
    ['other octets delivered', { received: { port: 1, length: 65_507, sha256: 'bb' } }, /other octets/],
    ['a send that failed', { sent: new UfoError('EPERM', 'sendto EPERM') }, /^sendto EPERM$/],
  ];
  for (const [what, difference, message] of faults) {
    it(`finds ${what}`, () => {
      const row = demoRow(CASE!, { ...SIGHTING, ...difference });
      assert.match(row.faults.join(), message);
      assert.match(demoTable([row]), /✗/);
    });
  }

  it('shows the way of a datagram as it is cut: no octet of the pages left out or borrowed twice', async () => {
    const lines = await tracedWay(
      { type: 'udp4', driver: 'pcap-file', file: '/dev/null', mtu: 1500 },
      '192.0.2.1',
      '192.0.2.2',
      makePayload(8192, 1, 0),
    );
    assert.match(
      lines[0]!,
      /skb of 8220 octets: head 28, frags 4096 × 2; checksum partial, summed here; cut here, gsoSize 1480/,
    );
    assert.equal(lines.length, 8);
    const borrowed = [...lines.join('\n').matchAll(/page \d+ @(\d+) \+(\d+)/g)].map(([, at, len]) => [
      Number(at),
      Number(len),
    ]);
    let end = 0;
    for (const [at, len] of borrowed) {
      assert.equal(at, end % 4096);
      end += len!;
    }
    assert.equal(end, 8192);
  });
});
