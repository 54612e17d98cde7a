import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { createOutput } from '../../../src/app/common/output.js';
import type { SendRequest } from '../../../src/app/send/options.js';
import { send } from '../../../src/app/send/send.js';
import { Expectation } from '../../../src/compare/expectation.js';
import { verify } from '../../../src/verify/verify.js';

const folder = mkdtempSync(join(tmpdir(), 'timestamps-'));
after(() => rmSync(folder, { recursive: true }));

/** When each datagram says it was sent, of a dry run. */
async function timesOf(more: Partial<SendRequest>): Promise<number[]> {
  const pcap = join(folder, 'out.pcap');
  const sink = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
  const options: SendRequest = {
    ...{ destination: { host: '192.0.2.2', family: 4, port: 9 }, source: { host: '192.0.2.1', port: 8 } },
    ...{ driver: 'auto', verify: false, dryRun: true, json: false, pcap, mtu: 1500, size: 2000, timestamps: true },
    ...more,
  };
  await send(options, createOutput(sink(), sink()), AbortSignal.timeout(20_000));
  const times: number[] = [];
  for await (const { verdict, seen } of verify(pcap, { expect: new Expectation([], { generated: 'all' }) })) {
    assert.equal(verdict, 'good');
    const told = seen!.payload!.told!;
    assert.equal(told.firstWrong, -1);
    times.push(told.sentAt!);
  }
  return times;
}

describe('timestamps', () => {
  const ways: [string, Partial<SendRequest>][] = [
    ['stamped payloads', {}],
    ['payloads each told as a line', { json: true }],
    ['planned ones', { plan: 'reverse' }],
  ];
  for (const [what, more] of ways) {
    it(`of ${what} are of the time after the wait for their turn`, async () => {
      const before = Date.now();
      const times = await timesOf({ ...more, count: 3, gapMs: 200, rate: { perSecond: 5, unit: 'datagrams' } });
      assert.equal(times.length, 3);
      assert.ok(times[0]! >= before - 1 && times[2]! <= Date.now() + 1, `${times}`);
      // Made before the wait, the second would be as old as the first.
      assert.ok(times[1]! - times[0]! > 50, `${times}`);
    });
  }
});
