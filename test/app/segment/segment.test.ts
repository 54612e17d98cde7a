import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { MAIN } from '../../live/cli.js';

const FLOW = ['--source', '192.0.2.1:1111', '--destination', '192.0.2.2:9999'];

const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-segment-'));
const out = join(folder, 'out.pcap');
const payload = join(folder, 'payload');
after(() => rmSync(folder, { recursive: true }));

function program(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 20_000 });
}

describe('udp-ufo segment', () => {
  it('cuts a file into datagrams, as many as asked for at most', () => {
    writeFileSync(payload, Buffer.alloc(150_000, 7));
    const cut = (...more: string[]): unknown[] => {
      const args = ['segment', ...FLOW, '--file', payload, '--datagram-size', '60000', '-w', out, '--json', ...more];
      const { status, stdout, stderr } = program(...args);
      assert.equal(status, 0, stderr);
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).octets);
    };
    assert.deepEqual(cut(), [60_000, 60_000, 30_000, 150_000]);
    assert.deepEqual(cut('--count', '2'), [60_000, 60_000, 120_000]);
  });

  it('is asked wrongly where DF is set and a datagram would be cut: no device is to blame', () => {
    const { status, stderr } = program('segment', ...FLOW, '--size', '1473', '--df', '-w', out);
    assert.equal(status, 2);
    assert.match(stderr, /DF is set, and the packet has 1501 octets at an MTU of 1500/);
    assert.equal(program('segment', ...FLOW, '--size', '1472', '--df', '-w', out).status, 0);
  });

  it('saves what a plan made, so that verify calls it planned where it is so, and bad where it is not', () => {
    const [saved, other] = [join(folder, 'saved'), join(folder, 'other.pcap')];
    const size = ['--size', '6000', '--ident', '77'];
    const planned = ['--plan', 'overlap(tail)', '--save', saved];
    assert.equal(program('segment', ...FLOW, ...size, ...planned, '-w', out).status, 0);
    assert.equal(program('segment', ...FLOW, ...size, '--plan', 'overlap(head, different, 2)', '-w', other).status, 0);
    assert.equal(program('verify', '-r', out).status, 1);
    const { status, stdout } = program('verify', '-r', out, '--expect', saved);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^planned .* id 77 .*\n(?:.*\n)*.*note: as planned by overlap\(tail\): overlap, udp-checksum/);
    assert.match(stdout, /0 of 1 datagram proven right in 6 packets, 1 as planned/);
    assert.equal(program('verify', '-r', other, '--expect', saved).status, 1);
  });

  for (const [args, says] of [
    [[...FLOW, '--size', '65508'], /--size: got 65508/],
    [[...FLOW, '--file', join(folder, 'none')], /ENOENT/],
    [
      ['--source', '192.0.2.1:1', '--destination', '[::1]:1', '--size', '1'],
      /--source: got "192\.0\.2\.1", want an IPv6/,
    ],
    [['--source', 'localhost:1', '--destination', '[::1]:1', '--size', '1'], /--source: got "localhost"/],
    [['--source', '[::1]:1', '--destination', '[::1]:1', '--size', '1', '--mtu', '55'], /--mtu: got 55, want 56/],
    [[...FLOW, '--seed', '1', '--file', payload], /--seed: only generated/],
  ] as const) {
    it(`leaves what stood in the output alone: ${args.slice(-2).join(' ')}`, () => {
      writeFileSync(out, 'mine');
      const { status, stderr } = program('segment', ...args, '-w', out);
      assert.equal(status, 2, stderr);
      assert.match(stderr, says);
      assert.equal(readFileSync(out, 'utf8'), 'mine');
    });
  }

  it('makes what a plan says, in its order', () => {
    const { status, stderr } = program('segment', ...FLOW, '--size', '4000', '--plan', 'reverse, drop(2)', '-w', out);
    assert.equal(status, 0, stderr);
    const { stdout } = program('verify', '-r', out, '--json');
    assert.deepEqual(JSON.parse(stdout.split('\n')[0]!).holes, [[1480, 2960]]);
    assert.match(program('segment', ...FLOW, '--size', '1', '--plan', 'drop', '-w', out).stderr, /--plan: drop\(/);
  });

  it('ends quietly when the reader of its pcap goes', () => {
    const line = `set -o pipefail; "$0" "$@" | head -c 9 >/dev/null`;
    const args = ['segment', ...FLOW, '--size', '60000', '--count', '200', '-w', '-'];
    const options = { encoding: 'utf8', timeout: 20_000 } as const;
    const { status, stderr } = spawnSync('bash', ['-c', line, process.execPath, MAIN, ...args], options);
    assert.equal(stderr, '');
    assert.equal(status, 4);
  });

  it('does not write over what it reads', () => {
    writeFileSync(payload, 'mine');
    const { status, stderr } = program('segment', ...FLOW, '--file', payload, '-w', payload);
    assert.equal(status, 2);
    assert.match(stderr, /--pcap: .* is the file that is read/);
    assert.equal(readFileSync(payload, 'utf8'), 'mine');
  });
});

describe('udp-ufo reassemble', () => {
  it('gives a packet the time of its last frame, to the nanosecond, and frames without one the time of those before', async () => {
    const { LINKTYPE_RAW, encodePcap, pcapFormat, segment } = await import('../../../src/index.js');
    const [source, destination] = [
      { address: '192.0.2.1', port: 1111 },
      { address: '192.0.2.2', port: 9999 },
    ];
    const times = [999_999_400, 999_999_800, 0];
    const frames = [...segment({ source, destination, payload: Buffer.alloc(4000) })].map((frame, i) => ({
      ...frame,
      seconds: times[i] === 0 ? 0 : 1_700_000_000,
      nanoseconds: times[i]!,
    }));
    const read = join(folder, 'times.pcap');
    writeFileSync(read, encodePcap(frames, pcapFormat(LINKTYPE_RAW)));
    const { status, stderr } = program('reassemble', '-r', read, '-w', out);
    assert.equal(status, 0, stderr);
    const octets = readFileSync(out);
    const units = octets.readUInt32LE(0) === 0xa1b23c4d ? 1 : 1000;
    assert.deepEqual([octets.readUInt32LE(24), octets.readUInt32LE(28)], [1_700_000_000, 999_999_800 / units]);
  });

  it('does not write over what it reads, nor empty a file for an input that is none', () => {
    assert.equal(program('segment', ...FLOW, '--size', '3000', '-w', out).status, 0);
    const before = readFileSync(out);
    assert.match(program('reassemble', '-r', out, '-w', out).stderr, /--pcap: .* is the file that is read/);
    assert.deepEqual(readFileSync(out), before);
    assert.equal(program('reassemble', '-r', join(folder, 'none'), '-w', out).status, 2);
    assert.deepEqual(readFileSync(out), before);
  });
});
