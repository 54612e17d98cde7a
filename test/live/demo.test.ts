import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { promisify } from 'node:util';
import { MAIN } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';
import { tsharkDatagrams } from './tshark.js';

const run = promisify(execFile);

interface Row {
  readonly type: string;
  readonly driver: string;
  readonly family: number;
  readonly mtu: number;
  readonly size: number;
  readonly fragments: number;
  readonly captured: number;
  readonly delivered: boolean;
  readonly faults: readonly string[];
}

describeLive('demo', () => {
  let folder: string;
  let rows: Row[];
  let summary: { verdict: string; datagrams: number; wrong: number; absent: { driver: string }[] };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ufo-demo-'));
    const args = [MAIN, 'demo', '--json', '--pcap', folder];
    // A failed demo tells on stdout what is wrong, and the tests show it.
    const { stdout } = await run(process.execPath, args, { timeout: 50_000 }).catch(
      (error: { stdout: string }) => error,
    );
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    summary = lines.pop();
    rows = lines;
  });
  after(() => rm(folder, { recursive: true, force: true }));

  liveIt('sends, captures, verifies and delivers every datagram, by every driver there is', () => {
    assert.deepEqual(
      rows.flatMap(({ faults }) => faults),
      [],
    );
    assert.deepEqual([summary.verdict, summary.wrong, summary.datagrams], ['good', 0, rows.length]);
    const drivers = new Set([...rows, ...summary.absent].map(({ driver }) => driver));
    assert.deepEqual([...drivers].sort(), ['af-xdp', 'kernel-udp', 'packet-socket', 'raw-socket', 'virtio-ufo']);
  });

  liveIt('begins with 65,507 octets in 45 fragments and 65,527 in 46', () => {
    assert.deepEqual(
      rows.slice(0, 2).map(({ driver, family, mtu, size, fragments, captured, delivered }) => ({
        ...{ driver, family, mtu, size, fragments, captured, delivered },
      })),
      [
        ...[{ driver: 'raw-socket', family: 4, mtu: 1500, size: 65_507, fragments: 45, captured: 45, delivered: true }],
        ...[{ driver: 'raw-socket', family: 6, mtu: 1500, size: 65_527, fragments: 46, captured: 46, delivered: true }],
      ],
    );
  });

  for (const mtu of [1500, 9000]) {
    liveIt(`tshark reassembles the same datagrams of MTU ${mtu}, each with a good checksum`, async (t) => {
      const datagrams = await tsharkDatagrams(join(folder, `mtu-${mtu}.pcap`));
      if (datagrams === null) return t.skip('tshark is not installed');
      const expected = rows.slice(mtu === 1500 ? 0 : rows.length / 2).slice(0, rows.length / 2);
      assert.deepEqual(
        datagrams.map(({ length }) => length - 8).sort(byNumber),
        expected.map(({ size }) => size).sort(byNumber),
      );
      assert.ok(datagrams.every(({ checksumStatus }) => checksumStatus === 1));
    });
  }
});

const byNumber = (a: number, b: number): number => a - b;
