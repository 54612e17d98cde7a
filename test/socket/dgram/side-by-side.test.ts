import assert from 'node:assert/strict';
import * as dgram from 'node:dgram';
import { describe, it } from 'node:test';
import { createSocket } from '../../../src/socket/socket.js';
import { CASES, type Make } from './cases.js';

const ours: Make = (options, onMessage) => {
  const all = typeof options === 'object' && options !== null ? options : { type: options };
  return createSocket({ ...all, driver: 'kernel-udp' } as never, onMessage) as unknown as dgram.Socket;
};
const theirs: Make = (options, onMessage) => dgram.createSocket(options as dgram.SocketOptions, onMessage);

describe('a program written for dgram sees the same', () => {
  for (const [what, run] of Object.entries(CASES)) {
    it(`of ${what}`, { timeout: 60_000 }, async () => {
      const want = await run(theirs);
      assert.deepEqual(await run(ours), want);
    });
  }
});
