import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePacketSockets } from '../../../src/capture/cap/kernel-socket.js';
import { linktypeOf } from '../../../src/capture/cap/module.js';
import { interfaceNames, openError } from '../../../src/capture/open-error.js';
import { explainEperm } from '../../../src/host/privileges.js';

describe('npm cap', () => {
  it('names link types as captures do', () => {
    assert.equal(linktypeOf('ETHERNET'), 1);
    assert.equal(linktypeOf('RAW'), 101);
    assert.equal(linktypeOf('Unknown linktype 276'), 276);
    assert.throws(() => linktypeOf('FUTURE'), { code: 'ERR_UFO_UNSUPPORTED' });
  });

  const cases: readonly [string, string, RegExp][] = [
    ['No such device exists', 'ERR_UFO_INVALID_ARGUMENT', /^interface: got "eth9", want one of .*\blo\b/],
    ["can't parse filter expression: syntax error", 'ERR_UFO_INVALID_ARGUMENT', /^filter: .*syntax error/],
    ['socket: Operation not permitted', 'EPERM', /eth9: socket: Operation not permitted/],
    ['That device is not up', 'ENETDOWN', /not up/],
    ['some news', 'ERR_UFO_CAPTURE', /some news/],
  ];
  for (const [text, code, message] of cases)
    it(`"${text}" becomes ${code}`, () => {
      const error = openError(text, 'eth9', 'udp');
      assert.equal(error.code, code);
      assert.match(error.message, message);
      if (code === 'EPERM') assert.equal(error.hint, explainEperm('capturing'));
    });

  it('lists interfaces', () => assert.ok(interfaceNames().includes('lo')));

  it('reads /proc/net/packet', () => {
    const text = `sk               RefCnt Type Proto  Iface R Rmem   User   Inode
0000000001ed721c 3      3    0003   2     1 0      0      12288 
000000006d0a1584 3      2    0003   0     0 0      0      13313 
`;
    assert.deepEqual(parsePacketSockets(text), [
      { inode: '12288', ifindex: 2, running: true },
      { inode: '13313', ifindex: 0, running: false },
    ]);
    assert.deepEqual(parsePacketSockets(''), []);
  });
});
