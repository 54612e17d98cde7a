import '../../../src/entry/programs.js';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { QueueSenders, shareOf } from '../../../src/app/queues/queues.js';

describe('queues', () => {
  it('share a count so that nothing is lost and nothing sent twice', () => {
    for (const count of [0, 1, 2, 3, 7, 100]) {
      for (const queues of [1, 2, 3, 8]) {
        const shares = Array.from({ length: queues }, (_, index) =>
          Math.max(0, shareOf({ count }, index, queues).count),
        );
        assert.equal(
          shares.reduce((sum, share) => sum + share, 0),
          count,
          `${count} over ${queues}`,
        );
      }
    }
  });

  it('share a rate, and know no end where none is asked for', () => {
    const share = shareOf({ rate: { perSecond: 1000, unit: 'datagrams' } }, 1, 4);
    assert.deepEqual(share.rate, { perSecond: 250, unit: 'datagrams' });
    assert.equal(share.count, Number.POSITIVE_INFINITY);
    assert.equal(share.durationMs, Number.POSITIVE_INFINITY);
  });

  const options = {
    queues: 2,
    source: { address: '192.0.2.1', port: 4000 },
    destination: { address: '192.0.2.2', port: 9999 },
    payload: { size: 3000, seed: 1 },
  } as const;

  it('send from threads, each its share', async () => {
    await using senders = await QueueSenders.open({
      ...options,
      socket: { type: 'udp4', driver: 'pcap-file', file: '/dev/null', mtu: 1500 },
    });
    for (const count of [5, 4]) {
      const results = await senders.send({ count });
      assert.deepEqual(
        results.map(({ datagrams, fragments }) => [datagrams, fragments]),
        count === 5
          ? [
              [3, 9],
              [2, 6],
            ]
          : [
              [2, 6],
              [2, 6],
            ],
      );
    }
  });

  it('send by ordinary UDP sockets too, which have no say in identifications', async () => {
    await using senders = await QueueSenders.open({
      ...options,
      source: { address: '127.0.0.1', port: 0 },
      destination: { address: '127.0.0.1', port: 9 },
      socket: { type: 'udp4', driver: 'kernel-udp' },
    });
    const results = await senders.send({ count: 2 });
    assert.deepEqual(
      results.map(({ datagrams }) => datagrams),
      [1, 1],
    );
  });

  it('hand on what keeps a sender from opening', async () => {
    const socket = { type: 'udp4', driver: 'packet-socket', interface: 'nosuch0' } as const;
    await assert.rejects(QueueSenders.open({ ...options, socket }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    await assert.rejects(QueueSenders.open({ ...options, queues: 0, socket }), /queues: got 0, want 1 … 64/);
  });

  it('end where a process of theirs cannot be started', async () => {
    const { execPath } = process;
    process.execPath = '/nowhere/node';
    try {
      const socket = { type: 'udp4', driver: 'raw-socket' } as const;
      await assert.rejects(QueueSenders.open({ ...options, socket }), /a sender is gone: spawn \/nowhere\/node ENOENT/);
    } finally {
      process.execPath = execPath;
    }
  });

  it('stop when asked to', async () => {
    const controller = new AbortController();
    await using senders = await QueueSenders.open({
      ...options,
      socket: { type: 'udp4', driver: 'pcap-file', file: '/dev/null', mtu: 1500 },
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 50);
    const results = await senders.send({});
    assert.ok(results.every(({ datagrams }) => datagrams > 0));
  });
});
