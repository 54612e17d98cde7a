import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { libc } from '../../src/host/libc.js';
import { findAttribute, NetdevGenl } from '../../src/host/netdev-genl.js';

/** NETDEV_CMD_DEV_GET's answer for a veth with GRO at its peer: ifindex 2, XDP features 0x67, one more. */
const ANSWER = Buffer.from(
  '38000000200000000000000000000000' + // nlmsghdr
    '01010000' + // genlmsghdr
    '0800010002000000' + // ifindex
    '0c0003006700000000000000' + // xdp-features
    '0c0006000300000000000000' + // xsk-features
    '00000000',
  'hex',
);

describe('netdev-genl', () => {
  it('finds an attribute by its type', () => {
    assert.equal(findAttribute(ANSWER, 1)?.getUint32(0, true), 2);
    assert.equal(findAttribute(ANSWER, 3)?.getUint32(0, true), 0x67);
    assert.equal(findAttribute(ANSWER, 9), null);
  });

  it('makes nothing of errors and of answers cut anywhere', () => {
    const error = Buffer.from(ANSWER);
    error.writeUInt16LE(2, 4);
    assert.equal(findAttribute(error, 3), null);
    for (let len = 0; len < 40; len++) assert.equal(findAttribute(ANSWER.subarray(0, len), 3), null, `${len} octets`);
  });

  it('asks the kernel about an interface', () => {
    const genl = new NetdevGenl(libc().if_nametoindex('lo'));
    const features = genl.xdpFeatures();
    genl.close();
    assert.ok(features === null || Number.isInteger(features));
  });

  it('knows nothing of an interface that is not there', () => {
    const genl = new NetdevGenl(0x7fff_fff0);
    assert.equal(genl.xdpFeatures(), null);
    genl.close();
  });
});
