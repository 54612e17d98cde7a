import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatagramBatch } from '../../../src/app/receive/batch.js';
import { Senders } from '../../../src/app/receive/senders.js';
import { putSockaddr, SOCKADDR_IN6_LEN } from '../../../src/host/sockaddr.js';
import { parseAddress } from '../../../src/wire/address.js';

function batchOf(...ends: readonly (readonly [address: string, port: number])[]): DatagramBatch {
  const names = ends.map(([address, port]) => {
    const name = new Uint8Array(SOCKADDR_IN6_LEN);
    putSockaddr(new DataView(name.buffer), 0, parseAddress(address)!.octets, port);
    return name;
  });
  const isFrom = (i: number, name: Uint8Array): boolean => Buffer.compare(names[i]!, name) === 0;
  return { name: (i: number) => names[i]!, isFrom } as unknown as DatagramBatch;
}

test('senders that take turns are each named once', () => {
  const ends = [
    ['192.0.2.1', 7],
    ['::ffff:192.0.2.1', 8],
    ['2001:db8::1', 7],
  ] as const;
  const batch = batchOf(...ends);
  const senders = new Senders();
  const first = ends.map((_, i) => senders.of(batch, i));
  assert.deepEqual(first, [
    { source: '192.0.2.1', sourcePort: 7, key: '192.0.2.1 7' },
    { source: '192.0.2.1', sourcePort: 8, key: '192.0.2.1 8' },
    { source: '2001:db8::1', sourcePort: 7, key: '2001:db8::1 7' },
  ]);
  for (const [i, sender] of first.entries()) assert.equal(senders.of(batch, i), sender);
});
