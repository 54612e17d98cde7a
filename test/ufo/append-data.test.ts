import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_SKB_FRAGS } from '../../src/skb/shared-info.js';
import { UbufInfo } from '../../src/skb/ubuf-info.js';
import { foreign } from '../../src/ufo/append-data.js';

describe('a payload in buffers of the caller', () => {
  const parts = (count: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(2));
  const ubuf = new UbufInfo(() => undefined);

  it('has one for each frag of an skb at most', () => {
    assert.equal(foreign(parts(MAX_SKB_FRAGS), ubuf).len, 34);
    assert.throws(() => foreign(parts(MAX_SKB_FRAGS + 1), ubuf), {
      code: 'ERR_UFO_INVALID_ARGUMENT',
      message: /^message: got .*18.*, want at most 17 buffers with zerocopy/,
    });
  });
});
