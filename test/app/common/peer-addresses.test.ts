import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { peerAddresses } from '../../../src/app/common/peer-addresses.js';

describe('the host that is asked', () => {
  it('is one by each of its addresses', async () => {
    assert.deepEqual(await peerAddresses('127.0.0.2', undefined), [{ family: 4, address: '127.0.0.2' }]);
    await assert.rejects(peerAddresses('127.0.0.2', 6), /HOST: got "127\.0\.0\.2"/);
  });

  // What inet_aton(3) takes is no literal to us, so that the resolver is asked, which needs no network for it.
  const many = [
    ['239.65793', '239.1.1.1'],
    ['255.255.65535', '255.255.255.255'],
  ] as const;
  for (const [name, address] of many) {
    it(`is none where its name is that of many: ${name}`, async () => {
      const message = `HOST: got "${name}, which is ${address}", want one host: broadcast and multicast make others answer, too`;
      await assert.rejects(peerAddresses(name, undefined), { code: 'ERR_UFO_INVALID_ARGUMENT', message });
      await assert.rejects(peerAddresses(address, undefined), /HOST: got "[\d.]+", want one host/);
    });
  }
});
