import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Output } from '../../../src/app/common/output.js';
import { NetworkTold } from '../../../src/app/send/told.js';
import { systemError } from '../../../src/errors.js';

it('what the network says is a line for each kind, however often it says it', () => {
  const told = new NetworkTold();
  for (let i = 0; i < 12_000; i++) told.add(systemError(111, 'recvmsg', { address: `192.0.2.${i % 250}` }));
  told.add(systemError(113, 'recvmsg', { address: '192.0.2.9' }));
  const lines: string[] = [];
  told.print({ note: (line: string) => lines.push(line) } as unknown as Output);
  assert.deepEqual(lines, [
    'told by the network: recvmsg ECONNREFUSED 192.0.2.0, and 11999 more of that kind',
    'told by the network: recvmsg EHOSTUNREACH 192.0.2.9',
  ]);
});
