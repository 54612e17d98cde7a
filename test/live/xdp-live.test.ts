import assert from 'node:assert/strict';
import { LAB } from '../../src/host/lab.js';
import { openXdpLive } from '../../src/tx/xdp-live/xdp-live.js';
import { HandMade } from './hand-made.js';
import { describeLive, liveIt } from './in-lab.js';

describeLive('xdp-live in a user namespace', () => {
  liveIt('refuses with the reason and what to use, and gives everything back', async () => {
    const made = new HandMade();
    await assert.rejects(openXdpLive({ interface: LAB.near.interface, pool: made.pool }), {
      code: 'ERR_UFO_UNSUPPORTED',
      message: /live frames need root in the first user namespace/,
      hint: /af-xdp/,
    });
    assert.equal(made.pool.freePages, made.pool.pages);
  });
});
