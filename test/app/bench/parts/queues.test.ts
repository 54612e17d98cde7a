import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUEUE_DRIVERS, queueSocket } from '../../../../src/app/bench/parts/queues.js';
import { firstRefusal } from '../../../../src/options/driver-options.js';
import { DRIVER_TRAITS } from '../../../../src/tx/drivers.js';

for (const driver of QUEUE_DRIVERS)
  test(`the benchmark asks ${driver} for nothing that it refuses`, () => {
    assert.equal(firstRefusal(queueSocket(driver, 2), 4, DRIVER_TRAITS[driver]), null);
  });

test('a driver that sends by one queue of the interface gets the one that is told', () => {
  assert.equal(queueSocket('af-xdp', 2).queue, 2);
});
