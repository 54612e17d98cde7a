import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { createOutput } from '../../../src/app/common/output.js';
import type { SendRequest } from '../../../src/app/send/options.js';
import { send } from '../../../src/app/send/send.js';

const folder = mkdtempSync(join(tmpdir(), 'send-results-'));
after(() => rmSync(folder, { recursive: true }));

const COUNT = 2000;
const REQUEST: SendRequest = {
  ...{ destination: { host: '192.0.2.2', family: 4, port: 9 }, source: { host: '192.0.2.1', port: 8 } },
  ...{ driver: 'auto', verify: false, dryRun: true, json: true, mtu: 1500, count: COUNT },
};

/** Reads a line a turn of the loop, and notes how much was waiting at most. */
class SlowReader extends Writable {
  text = '';
  most = 0;

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.text += Buffer.from(chunk).toString();
    this.most = Math.max(this.most, this.writableLength);
    setImmediate(done);
  }
}

describe('send --json', () => {
  const ways: [string, Partial<SendRequest>][] = [
    ['generated payloads', { size: 100 }],
    ['planned ones', { size: 100, plan: 'reverse' }],
    ['stretches of a file', { file: process.execPath, datagramSize: 100 }],
  ];
  for (const [index, [what, more]] of ways.entries()) {
    it(`tells of each of ${what}, no faster than it is read`, async () => {
      const reader = new SlowReader();
      const notes = new Writable({ write: (_chunk, _encoding, done) => done() });
      const request = { ...REQUEST, ...more, pcap: join(folder, `${index}.pcap`) };
      const output = createOutput(reader, notes);
      await send(request, output, AbortSignal.timeout(60_000));
      await output.end();
      const lines = reader.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const told = lines.filter(({ type }) => type === 'datagram');
      assert.equal(told.length, COUNT);
      assert.deepEqual([told[0].octets, told.at(-1).fragmentsSent, lines.at(-1).datagrams], [100, 1, COUNT]);
      assert.ok(reader.most < 60_000, `${reader.most} octets were waiting`); // all of them are 400,000
    });
  }
});
