import assert from 'node:assert/strict';
import { before } from 'node:test';
import { pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { fillPayload } from '../../src/payload/generated.js';
import { describeLive, liveIt } from './in-lab.js';
import { captured, itCarriesReusedPages, SEED, SIZE } from './reused-pages.js';

describeLive('64 reused pages', () => {
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
  });

  for (const driver of ['packet-socket', 'virtio-ufo', 'af-xdp', 'raw-socket'] as const) itCarriesReusedPages(driver);

  liveIt('are caught when one is rewritten too early', async () => {
    const { verdicts } = await captured('packet-socket', 'udp4', 10, async (socket) => {
      for (let sequence = 0; sequence < 10; sequence++) {
        using own = await socket.allocPages(SIZE);
        fillPayload(own.buffers[0]!, SEED, sequence);
        const { completed } = socket.sendPages(own);
        if (sequence === 7) own.buffers[0]![2_500]! ^= 1;
        await completed;
      }
    });
    const bad = verdicts.filter(({ verdict }) => verdict === 'bad');
    assert.equal(bad.length, 1);
    assert.match(bad[0]!.mismatches.join(), /payload octet 2500 got another, want that of seed 24301, datagram 7/);
  });
});
