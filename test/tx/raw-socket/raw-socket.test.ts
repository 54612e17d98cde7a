import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import { loadRawSocket } from '../../../src/tx/raw-socket/module.js';
import { errnoOf } from '../../../src/tx/raw-socket/options.js';
import { openRawSocket } from '../../../src/tx/raw-socket/raw-socket.js';
import { emptyBatch } from '../rows.js';

describe('raw-socket', () => {
  it('names the package and what to install where it is not built', () => {
    const missing = () => {
      const text = "Cannot find module './build/Release/raw.node'\nRequire stack:\n- x";
      throw Object.assign(new Error(text), { code: 'MODULE_NOT_FOUND' });
    };
    assert.throws(() => loadRawSocket(missing), {
      code: 'ERR_UFO_UNSUPPORTED',
      message: /npm package raw-socket is installed, but not built$/,
      hint: /g\+\+ make python3.*node-gyp rebuild.*packet-socket/,
    });
  });

  it('refuses an impossible MTU and an unknown interface, and keeps no pages then', async () => {
    const { pool } = emptyBatch();
    for (const mtu of [0, 27, 65_576, 1.5, Number.NaN]) {
      await assert.rejects(openRawSocket({ family: 4, mtu, pool }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    }
    await assert.rejects(openRawSocket({ family: 4, mtu: 1500, pool, interface: 'nonesuch', bound: true }), {
      code: 'ENODEV',
    });
    assert.equal(pool.freePages, 32);
  });
});

describe('errors of the package', () => {
  it('become errno numbers again', () => {
    const texts: readonly [string, number][] = [
      ['Operation not permitted', ERRNO.EPERM],
      ['Resource temporarily unavailable', ERRNO.EAGAIN],
      ['Network is down', ERRNO.ENETDOWN],
      ['Network is unreachable', ERRNO.ENETUNREACH],
      ['No route to host', ERRNO.EHOSTUNREACH],
      ['No buffer space available', ERRNO.ENOBUFS],
      ['Message too long', ERRNO.EMSGSIZE],
      ['Unknown error 524', 524],
    ];
    for (const [text, errno] of texts) assert.equal(errnoOf(new Error(text)), -errno, text);
  });

  it('are thrown on where they are mistakes of ours', () => {
    const mistake = new TypeError('Address argument must be a string');
    assert.throws(() => errnoOf(mistake), mistake);
  });
});
