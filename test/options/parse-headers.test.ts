import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseExtensionHeaders, parseVlans } from '../../src/options/parse-headers.js';

describe('headers on the command line', () => {
  it('reads extension headers in order', () => {
    assert.deepEqual(parseExtensionHeaders('hop-by-hop=0000050200000000,destination=0000010400000000', '--x'), [
      { type: 0, octets: Uint8Array.of(0, 0, 5, 2, 0, 0, 0, 0) },
      { type: 60, octets: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) },
    ]);
  });

  it('reads one VLAN tag, its priority, and two tags', () => {
    assert.deepEqual(parseVlans('100', '--vlan'), [{ tpid: 0x8100, tci: 100 }]);
    assert.deepEqual(parseVlans('100.5', '--vlan'), [{ tpid: 0x8100, tci: 0xa064 }]);
    assert.deepEqual(parseVlans('7,8', '--vlan'), [
      { tpid: 0x88a8, tci: 7 },
      { tpid: 0x8100, tci: 8 },
    ]);
  });

  it('names the option and what it got', () => {
    for (const text of ['', 'fragment=00', 'routing', 'routing=', 'routing=0']) {
      assert.throws(() => parseExtensionHeaders(text, '--extension-headers'), /^TypeError: --extension-headers: got/);
    }
    for (const text of ['', '4096', '1.8', '1,2,3', 'a'])
      assert.throws(() => parseVlans(text, '--vlan'), /^TypeError: --vlan: got/);
  });
});
