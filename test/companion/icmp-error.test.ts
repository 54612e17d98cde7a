import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SocketError } from '../../src/companion/error-queue.js';
import { IcmpError } from '../../src/companion/icmp-error.js';
import { ERRNO } from '../../src/errors.js';

function tooBig(info: number, family: 4 | 6): SocketError {
  const address = new Uint8Array(family === 4 ? 4 : 16).fill(1);
  const destination = { address, port: 9, scopeId: 0 };
  return {
    errno: ERRNO.EMSGSIZE,
    origin: 2,
    type: 3,
    code: 4,
    info,
    destination,
    offender: { ...destination, port: 0 },
  };
}

describe('what ICMP says', () => {
  it('of a path MTU is a fact where the kernel took it over', () => {
    for (const [info, family] of [
      [68, 4],
      [1_400, 4],
      [1_280, 6],
    ] as const) {
      for (const error of [new IcmpError(tooBig(info, family), info), new IcmpError(tooBig(info, family))]) {
        assert.equal(error.mtu, info);
        assert.match(error.message, new RegExp(`the path carries ${info} octets \\(ICMP type 3 code 4 from`));
      }
    }
  });

  it('of a path MTU that there cannot be, or that was not taken over, is a claim', () => {
    for (const [info, family, pathMtu] of [
      [0, 4, 1_500],
      [10, 4, 1_500],
      [67, 4, undefined],
      [1_279, 6, 1_500],
      [70_000, 4, 1_500],
      [0xffff_ffff, 6, 1_500],
      [9_000, 4, 1_500],
      [100, 4, 552],
    ] as const) {
      const { mtu, message, hint } = new IcmpError(tooBig(info, family), pathMtu);
      assert.deepEqual([mtu, hint], [null, undefined]);
      assert.match(message, new RegExp(`a path MTU of ${info} is claimed and not believed \\(ICMP .* from `));
      if (pathMtu !== undefined) assert.match(message, new RegExp(`; ${pathMtu} octets are sent as before$`));
    }
  });
});
