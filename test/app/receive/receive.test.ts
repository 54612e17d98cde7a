import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, describe, it } from 'node:test';
import { createOutput } from '../../../src/app/common/output.js';
import type { ReceiveOptions } from '../../../src/app/receive/options.js';
import { receive } from '../../../src/app/receive/receive.js';
import { ReceiveTally } from '../../../src/app/receive/tally.js';
import { inspectPayload, makePayload } from '../../../src/payload/generated.js';

const folder = mkdtempSync(join(tmpdir(), 'receive-'));
after(() => rmSync(folder, { recursive: true }));

class Lines extends Writable {
  readonly lines: Record<string, unknown>[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const line of chunk.toString().trim().split('\n')) this.lines.push(JSON.parse(line));
    this.emit('line');
    done();
  }
}

/** Runs `receive` on a port of its own and sends it `payloads` over loopback. */
async function run(payloads: readonly Uint8Array[], more: Partial<ReceiveOptions> = {}, host = '127.0.0.1') {
  const out = new Lines();
  const output = createOutput(out, new Writable({ write: (_chunk, _encoding, done) => done() }));
  const options = {
    port: 0,
    address: '::',
    echo: false,
    report: false,
    bufferSize: 1 << 20,
    json: true,
    hash: false,
    quiet: false,
    ...more,
  };
  const ended = receive({ count: payloads.length, ...options }, output, AbortSignal.timeout(4000));
  while (out.lines.length === 0) await Promise.race([once(out, 'line'), ended]);
  const sender = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const echoes: Buffer[] = [];
  sender.on('message', (bytes) => echoes.push(bytes));
  for (const payload of payloads) {
    await new Promise<void>((resolve) => sender.send(payload, Number(out.lines[0]?.['port']), host, () => resolve()));
  }
  const code = await ended;
  const patience = performance.now() + 1000;
  while (options.echo && echoes.length < payloads.length && performance.now() < patience)
    await new Promise((resolve) => setTimeout(resolve, 5));
  sender.close();
  const datagrams = out.lines.filter((line) => line['type'] === 'datagram');
  return { code, datagrams, summary: out.lines.at(-1)!, echoes };
}
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('receive', () => {
  it('tells good, bad and foreign payloads apart, and hashes them', async () => {
    const good = makePayload(2000, 7, 3);
    const bad = makePayload(2000, 7, 4);
    bad[1999]! ^= 1;
    const { code, datagrams, summary } = await run([good, bad, Buffer.from('hello'), new Uint8Array(0)], {
      hash: true,
    });
    assert.equal(code, 1);
    assert.deepEqual(
      datagrams.map(({ payload, sequence, length, source }) => [payload, sequence, length, source]),
      [
        ['good', 3, 2000, '127.0.0.1'],
        ['bad', 4, 2000, '127.0.0.1'],
        ['foreign', null, 5, '127.0.0.1'],
        ['foreign', null, 0, '127.0.0.1'],
      ],
    );
    assert.equal(datagrams[1]?.['mismatch'], 'payload octet 1999 got another, want that of seed 7, datagram 4');
    assert.equal(datagrams[0]?.['sha256'], sha256(good));
    assert.deepEqual([summary['good'], summary['bad'], summary['foreign'], summary['octets']], [1, 1, 2, 4005]);
  });

  it('prints only what is not good where it is to be quiet, and no hash that nobody asked for', async () => {
    const { datagrams, summary } = await run([makePayload(99, 1, 0), Buffer.from('hello')], { quiet: true });
    assert.deepEqual(
      datagrams.map(({ payload, sha256 }) => [payload, sha256]),
      [['foreign', undefined]],
    );
    assert.equal(summary['datagrams'], 2);
  });

  it('echoes, over IPv6 too', async () => {
    const payloads = [makePayload(100, 1, 0), makePayload(60_000, 1, 1)];
    const { code, echoes } = await run(payloads, { echo: true, address: '::1' }, '::1');
    assert.equal(code, 0);
    assert.deepEqual(echoes.map(sha256), payloads.map(sha256));
  });

  it('keeps a file of each, or all in one', async () => {
    const payloads = [makePayload(100, 1, 0), makePayload(200, 1, 1)];
    await run(payloads, { write: `${folder}/each/` });
    assert.deepEqual(readdirSync(join(folder, 'each')), ['000001.bin', '000002.bin']);
    assert.deepEqual(readFileSync(join(folder, 'each/000002.bin')), Buffer.from(payloads[1]!));
    await run(payloads, { write: join(folder, 'all') });
    assert.deepEqual(readFileSync(join(folder, 'all')), Buffer.concat(payloads));
  });

  it('ends at its timeout and says that something is missing', async () => {
    const { code, summary } = await run([makePayload(50, 1, 1), makePayload(50, 1, 5)], { count: 3, timeoutMs: 200 });
    assert.equal(code, 4);
    assert.deepEqual([summary['datagrams'], summary['missing']], [2, 3]);
  });

  it('refuses an address that is not ours, and a port in use', async () => {
    await assert.rejects(run([], { address: '192.0.2.99' }), { code: 'EADDRNOTAVAIL', syscall: 'bind' });
    const other = createSocket('udp4');
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    await assert.rejects(run([], { address: '127.0.0.1', port: other.address().port }), { code: 'EADDRINUSE' });
    other.close();
  });
});

describe('receive tally', () => {
  const add = (tally: ReceiveTally, payload: Uint8Array, source: string, cameAt: number) =>
    tally.add(inspectPayload(payload), payload.length, source, cameAt);

  const figures = (sequences: readonly number[]) => {
    const tally = new ReceiveTally();
    for (const sequence of sequences) add(tally, makePayload(16, 1, sequence), 'a', 0);
    const { missing, duplicates, reordered } = tally.figures;
    return { missing, duplicates, reordered };
  };

  const cases: readonly [string, readonly number[], object][] = [
    ['all there', [5, 6, 7], { missing: 0, duplicates: 0, reordered: 0 }],
    ['gaps', [0, 1, 4, 9], { missing: 6, duplicates: 0, reordered: 0 }],
    ['a late one', [0, 2, 1], { missing: 0, duplicates: 0, reordered: 1 }],
    ['one before the first', [3, 2, 4], { missing: 0, duplicates: 0, reordered: 1 }],
    ['twice', [0, 1, 1, 0, 2], { missing: 0, duplicates: 2, reordered: 0 }],
    ['a leap over the window', [0, 200_000, 199_999, 200_000], { missing: 199_998, duplicates: 1, reordered: 1 }],
  ];
  for (const [name, sequences, want] of cases) it(name, () => assert.deepEqual(figures(sequences), want));

  it('tells one-way delays of what says when it was sent, each once, and of nothing that is bad', () => {
    const tally = new ReceiveTally();
    const at = 1_900_000_000_000;
    const delays = [0, 1, 2, 1].map(
      (sequence, i) => add(tally, makePayload(40, 1, sequence, at), 'a', at + 10 + i).delay,
    );
    assert.deepEqual(delays, [10, 11, 12, null]);
    const bad = makePayload(40, 1, 3, at);
    bad[39]! ^= 1;
    assert.equal(add(tally, bad, 'a', at + 99).delay, null);
    assert.equal(add(tally, makePayload(40, 1, 4), 'a', at + 99).delay, null);
    const { min, median, max, datagrams } = tally.figures.delay!;
    assert.deepEqual([min, median, max, datagrams], [10, 11, 12, 3]);
  });

  it('keeps senders and seeds apart', () => {
    const tally = new ReceiveTally();
    add(tally, makePayload(16, 1, 0), 'a', 0);
    add(tally, makePayload(16, 1, 9), 'b', 0);
    add(tally, makePayload(16, 2, 5), 'a', 0);
    assert.equal(tally.figures.missing, 0);
  });
});
