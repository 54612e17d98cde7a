import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { describe, it } from 'node:test';
import { SO_RCVLOWAT, SOL_SOCKET } from '../../../src/host/constants.js';
import { libc } from '../../../src/host/libc.js';
import { descriptorOf } from '../../../src/tx/raw-socket/descriptor.js';
import type { RawSocketWrap } from '../../../src/tx/raw-socket/module.js';

/** What npm raw-socket sets options with, on an ordinary socket of ours. */
function wrapOf(fds: readonly number[]): RawSocketWrap {
  const setOption = (level: number, option: number, value: number): void => {
    for (const fd of fds) assert.equal(libc().setsockopt(fd, level, option, Int32Array.of(value), 4), 0);
  };
  return { setOption } as unknown as RawSocketWrap;
}

async function bound(): Promise<{ socket: Socket; fd: number }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { socket, fd: (socket as unknown as { _handle: { fd: number } })._handle.fd };
}

function lowat(fd: number): number {
  const value = new Int32Array(1);
  assert.equal(libc().getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, value, Uint32Array.of(4)), 0);
  return value[0]!;
}

describe('the descriptor of a socket that does not tell it', () => {
  it('is found by an option that it sets, which is then as before', async () => {
    const [one, other] = [await bound(), await bound()];
    try {
      for (const { fd } of [one, other, one]) {
        assert.equal(descriptorOf(wrapOf([fd])), fd);
        assert.equal(lowat(fd), 1);
      }
      assert.equal(descriptorOf(wrapOf([])), null); // none shows it
      assert.equal(descriptorOf(wrapOf([one.fd, other.fd])), null); // two do: which is it?
      const failing = { setOption: () => assert.fail('not permitted') } as unknown as RawSocketWrap;
      assert.equal(descriptorOf(failing), null);
    } finally {
      one.socket.close();
      other.socket.close();
    }
  });
});
