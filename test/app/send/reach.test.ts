import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Output } from '../../../src/app/common/output.js';
import { OUTSIDE_RATE } from '../../../src/app/common/reach.js';
import type { SendRequest, SendTarget } from '../../../src/app/send/options.js';
import { heldOutside } from '../../../src/app/send/reach.js';
import { LAB, LAB_VARIABLE } from '../../../src/host/lab-info.js';
import { OwnNetworks } from '../../../src/host/own-networks.js';

const REQUEST: SendRequest = {
  destination: { host: '203.0.113.7', family: 4, port: 9 },
  ...{ driver: 'raw-socket', verify: false, dryRun: false, json: false },
  ...{ size: 1000, count: 100 },
};

function held(more: Partial<SendRequest>, to: string, lab = '') {
  const notes: string[] = [];
  const before = process.env[LAB_VARIABLE];
  process.env[LAB_VARIABLE] = lab;
  try {
    const target = { address: to, flows: null, networks: new OwnNetworks() } as SendTarget;
    const output = { note: (text: string) => void notes.push(text) } as unknown as Output;
    const { rate } = heldOutside({ ...REQUEST, ...more }, target, output);
    return { rate, notes: notes.join() };
  } finally {
    if (before === undefined) delete process.env[LAB_VARIABLE];
    else process.env[LAB_VARIABLE] = before;
  }
}

describe('the rate of what leaves the networks of this host', () => {
  it('has a default there, which is told', () => {
    const { rate, notes } = held({}, '203.0.113.7');
    assert.deepEqual(rate, OUTSIDE_RATE);
    assert.match(notes, /203\.0\.113\.7 is on no network of this host's own: at most 10 Mbit\/s, unless --rate/);
  });

  const free: [string, Partial<SendRequest>, string, string?][] = [
    ['where one was asked for', { rate: { perSecond: 5, unit: 'datagrams' } }, '203.0.113.7'],
    ['for one datagram', { count: 1 }, '203.0.113.7'],
    ['where nothing is sent', { dryRun: true }, '203.0.113.7'],
    ['on loopback', {}, '127.0.0.1'],
    ['in a lab', {}, '198.51.100.2', JSON.stringify(LAB)],
  ];
  for (const [where, more, to, lab] of free) {
    it(`has none ${where}`, () => {
      const { rate, notes } = held(more, to, lab);
      assert.deepEqual([rate, notes], [more.rate, '']);
    });
  }

  it('is for all that is more than one datagram', () => {
    for (const more of [{ durationMs: 5 }, { queues: 2 }, { datagramSize: 100 }]) {
      assert.deepEqual(held({ count: undefined, ...more }, '203.0.113.7').rate, OUTSIDE_RATE, JSON.stringify(more));
    }
  });
});
