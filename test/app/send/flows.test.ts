import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FlowWish, flowIndex, shareOfFlows } from '../../../src/app/common/flows.js';
import { checkFlows, flowWish } from '../../../src/app/send/flows.js';
import type { SendRequest } from '../../../src/app/send/options.js';

const REQUEST: SendRequest = {
  ...{ destination: { host: '192.0.2.2', family: 4, port: 9, hosts: ['192.0.2.2', '192.0.2.3'], ports: [9, 10, 11] } },
  ...{ driver: 'auto', verify: false, dryRun: false, json: false },
};
const TO = { address: '192.0.2.2', port: 9 };
const source = (...hosts: string[]) => ({ host: hosts[0]!, port: undefined, hosts });

describe('flows of send', () => {
  it('are each address and port with each source', () => {
    const one: SendRequest = { ...REQUEST, destination: { host: '192.0.2.2', family: 4, port: 9 } };
    assert.equal(flowWish(one, TO), null);
    assert.equal(flowWish(REQUEST, TO)!.ends.length, 6);
    const all = flowWish({ ...REQUEST, sourcePorts: [5, 6], source: source('192.0.2.1', '192.0.2.7') }, TO)!.ends;
    const text = all.map((one) => `${one.source}:${one.sourcePort} ${one.address}:${one.port}`);
    assert.deepEqual([text.length, new Set(text).size], [24, 24]);
    assert.deepEqual(text.slice(0, 4), [
      '192.0.2.1:5 192.0.2.2:9',
      '192.0.2.1:5 192.0.2.2:10',
      '192.0.2.1:5 192.0.2.2:11',
      '192.0.2.1:5 192.0.2.3:9',
    ]);
  });

  it('come in turn, or as the seed gives them, all of them alike', () => {
    const turn = flowWish(REQUEST, TO)!;
    assert.deepEqual(
      [0, 1, 5, 6].map((n) => flowIndex(turn, n)),
      [0, 1, 5, 0],
    );
    const drawn = (seed: number): number[] => {
      const wish = flowWish({ ...REQUEST, flowOrder: 'random', seed }, TO)!;
      return Array.from({ length: 6000 }, (_, n) => flowIndex(wish, n));
    };
    assert.deepEqual(drawn(4), drawn(4));
    assert.notDeepEqual(drawn(4), drawn(5));
    for (let flow = 0; flow < 6; flow++) {
      const times = drawn(4).filter((one) => one === flow).length;
      assert.ok(times > 850 && times < 1150, `${times}`);
    }
  });

  it('are shared out among several senders so that each has one sender, or a port of each', () => {
    const wish = (sourcePort: number | undefined): FlowWish => ({
      ends: [1, 2, 3, 4, 5].map((port) => ({ address: 'a', port, sourcePort })),
      seed: null,
    });
    const shares = [0, 1].map((index) => shareOfFlows(wish(7), index, 2).ends.map(({ port }) => port));
    assert.deepEqual(shares, [
      [1, 3, 5],
      [2, 4],
    ]);
    assert.equal(shareOfFlows(wish(undefined), 1, 2).ends.length, 5);
  });

  const refusals: [string, Partial<SendRequest>, RegExp][] = [
    [
      'answers to several source ports',
      { sourcePorts: [5, 6], echoCheckMs: 1 },
      /--echo-check: answers are heard on one/,
    ],
    [
      'fewer source ports than senders',
      { sourcePorts: [5, 6], queues: 3 },
      /--source-port: got "2 ports", want at least 3/,
    ],
    [
      "sources that are not this host's",
      { source: source('127.0.0.1', '192.0.2.99') },
      /--source: got "192.0.2.99", want/,
    ],
    ['sources of the other family', { source: source('::1', '::2') }, /--source: got "::1", want IPv4 addresses/],
  ];
  for (const [what, more, message] of refusals) {
    it(`are refused with ${what}`, () => assert.rejects(checkFlows({ ...REQUEST, ...more }, 4), { message }));
  }

  it('are refused where there are more than can be kept apart', () => {
    const sourcePorts = Array.from({ length: 40_000 }, (_, i) => i + 1);
    assert.throws(() => flowWish({ ...REQUEST, sourcePorts }, TO), /240000 flows, want at most 65536/);
  });
});
