import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sendCall } from '../../../src/socket/dgram/calls.js';

describe('send of a connected socket', () => {
  for (const rest of [[9999], [9999, '192.0.2.1'], [undefined, '192.0.2.1'], [0, 1, 9999]]) {
    it(`refuses ${JSON.stringify(rest)}`, () => {
      assert.throws(() => sendCall('x', rest, true), { code: 'ERR_SOCKET_DGRAM_IS_CONNECTED' });
    });
  }

  it('takes a slice and a callback', () => {
    const callback = (): void => {};
    const { parts, to, callback: told } = sendCall('abc', [1, 2, callback], true);
    assert.deepEqual([Buffer.concat(parts).toString(), to, told], ['bc', {}, callback]);
    assert.equal(sendCall('abc', [callback], true).callback, callback);
  });
});
