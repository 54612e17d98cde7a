import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { WireReport } from '../../src/app/common/wire-report.js';
import { openFileCapture } from '../../src/capture/file/engine.js';
import { openCapture, spawnPrefixFor } from '../../src/capture/open-capture.js';
import { plan } from '../../src/faults/plan.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { encodePcap, pcapFormat, segment } from '../../src/index.js';
import { makePayload } from '../../src/payload/generated.js';
import * as ethernet from '../../src/wire/ethernet.js';
import { type Frame, frameData } from '../../src/wire/frame.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import { Cli, lastJson, MAIN } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const DELAY_MS = 400;

describeLive('udp-ufo replay', () => {
  let folder: string;
  let file: string;
  let frames: Frame[];
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    folder = await mkdtemp(join(tmpdir(), 'udp-ufo-replay-'));
    file = join(folder, 'in.pcap');
    const linkHeader = new Uint8Array(ethernet.HEADER_LEN);
    const macs = { destination: ethernet.parseMac(LAB.far.mac)!, source: ethernet.parseMac(LAB.near.mac)! };
    ethernet.emit(new DataView(linkHeader.buffer), 0, { ...macs, vlans: [], etherType: ethernet.ETHERTYPE_IPV4 });
    frames = [
      ...segment({
        source: { address: LAB.near.ipv4, port: 1111 },
        destination: { address: LAB.far.ipv4, port: 9 },
        ...{ payload: makePayload(4000, 1, 0), ident: 77, linkHeader },
        plan: plan(`overlap(tail), delay(3, ${DELAY_MS})`),
      }),
    ];
    await writeFile(file, encodePcap(frames, pcapFormat(LINKTYPE_ETHERNET)));
  });
  after(() => rm(folder, { recursive: true }));

  for (const words of [['-i', LAB.near.interface, '--rate', '1000'], ['--dry-run']]) {
    liveIt(`a file that is damaged is told, exit 4: ${words.join(' ')}`, async () => {
      const damaged = join(folder, 'damaged.pcap');
      await writeFile(damaged, encodePcap(frames, pcapFormat(LINKTYPE_ETHERNET)).subarray(0, -200));
      const { code, lines, stderr } = await new Cli(['replay', damaged, ...words, '--json']).end;
      assert.equal(code, 4, stderr);
      assert.equal(JSON.parse(lines[0]!).frames, frames.length - 1);
      assert.match(stderr, /damaged\.pcap: .*what came before/);
    });
  }

  for (const driver of ['packet-socket', 'af-xdp', 'raw-socket'] as const) {
    liveIt(`${driver}: what arrives is what the file holds, as far apart as there`, async () => {
      const { interface: name } = LAB.far;
      const filter = `ip proto 17 and src host ${LAB.near.ipv4}`;
      await using capture = await openCapture({ interface: name, spawnPrefix: spawnPrefixFor(name), filter });
      const begin = performance.now();
      const { code, lines, stderr } = await new Cli([
        'replay',
        file,
        '-i',
        LAB.near.interface,
        '--driver',
        driver,
        '--json',
      ]).end;
      assert.equal(code, 0, stderr);
      assert.ok(performance.now() - begin >= DELAY_MS);
      assert.equal(JSON.parse(lines[0]!).frames, frames.length);
      const seen: string[] = [];
      const times: number[] = [];
      for await (const batch of capture) {
        for (const frame of batch) {
          seen.push(Buffer.from(frameData(frame)).toString('hex'));
          times.push(frame.seconds * 1000 + frame.nanoseconds / 1e6);
        }
        if (seen.length >= frames.length) break;
      }
      assert.deepEqual(
        seen,
        frames.map((frame) => Buffer.from(frameData(frame)).toString('hex')),
      );
      assert.ok(times[2]! - times[1]! > DELAY_MS / 2, String(times));
    });
  }

  for (const driver of ['packet-socket', 'af-xdp', 'raw-socket'] as const) {
    liveIt(`--verify holds what arrives from ${driver} against the file, rewritten and looped`, async () => {
      const rewrite = 'source-port=7,destination-port=8';
      const words = ['replay', file, '-i', LAB.near.interface, '--rate', '1000/s', '--rewrite', rewrite, '--loop', '2'];
      const end = await new Cli([...words, '--driver', driver, '--json', `--verify=${LAB.far.interface}`]).end;
      assert.equal(end.code, 0, `${end.stderr}${end.lines}`);
      const { verdict, link, good, expected } = lastJson<WireReport>(end);
      const want = { verdict: 'good', link: 'own', good: 2 * frames.length, expected: 2 * frames.length } as const;
      assert.deepEqual({ verdict, link, good, expected }, want);
    });
  }

  liveIt(
    '--verify through a router tells the TTL, fails for it with --strict, and calls lost what a filter drops',
    () => {
      const routed = (router: string, ...more: string[]) => {
        const inside = `
        const { spawnSync } = require('node:child_process');
        const { near, far } = JSON.parse(process.env.UDP_UFO_LAB);
        const run = (...words) => spawnSync(process.execPath, [${JSON.stringify(MAIN)}, ...words], { timeout: 30000 });
        run('segment', '--source', near.ipv4 + ':1', '--destination', far.ipv4 + ':9', '--size', '4000', '-w', ${JSON.stringify(join(folder, 'routed.pcap'))});
        const words = ['replay', ${JSON.stringify(join(folder, 'routed.pcap'))}, '-i', near.interface, '--driver', 'raw-socket', '--rate', '1000/s'];
        const { status, stdout, stderr } = run(...words, '--verify=' + far.interface, '--json', ...${JSON.stringify(more)});
        process.stderr.write(stderr);
        process.stdout.write(stdout);
        process.exitCode = status;`;
        const words = [MAIN, 'lab', '--router', router, '--', process.execPath, '-e', inside];
        const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 50_000 });
        const last = stdout.trim().split('\n').at(-1)!;
        assert.ok(last.startsWith('{"type":"verify"'), `${stdout}${stderr}`);
        return { status, report: JSON.parse(last) as WireReport };
      };
      const passed = routed('none');
      assert.equal(passed.status, 0, JSON.stringify(passed));
      const ttl = { field: 'ttl', from: '64', to: '63', onTheWay: true, datagrams: 3 };
      assert.deepEqual([passed.report.link, passed.report.changed], ['path', [ttl]]);
      assert.equal(routed('none', '--strict').status, 1);
      const dropped = routed('drop-later');
      assert.deepEqual([dropped.status, dropped.report.good, dropped.report.missing], [4, 1, 2]);
    },
  );

  liveIt('takes a file that can be read but once, and refuses one that changes between two readings', async () => {
    const words = ['-i', LAB.near.interface, '--driver', 'packet-socket', '--rate', '1000/s'];
    const cli = [process.execPath, MAIN, 'replay', ...words].map((word) => `'${word}'`).join(' ');
    const bash = (script: string) => spawnSync('bash', ['-c', script], { encoding: 'utf8', timeout: 60_000 });
    for (const from of [`<(cat ${file})`, `- < <(cat ${file})`]) {
      const { status, stdout, stderr } = bash(`${cli} ${from}`);
      assert.equal(status, 0, stderr);
      assert.match(stdout, new RegExp(`^${frames.length} frames, `));
    }
    const looped = bash(`${cli} <(cat ${file}) --loop 2`);
    assert.match(looped.stderr, /--loop: .* can be read once/);
    assert.equal(looped.status, 2);
    const growing = join(folder, 'growing.pcap');
    await writeFile(growing, await readFile(file));
    const rate = ['--rate', String(frames.length)]; // a second a turn
    const slow = new Cli([
      'replay',
      growing,
      '-i',
      LAB.near.interface,
      '--driver',
      'packet-socket',
      ...rate,
      '--loop',
      '9',
    ]);
    await slow.lines(1);
    await appendFile(growing, 'more');
    const { code, lines, stderr } = await slow.end;
    assert.match(stderr, /growing\.pcap: it has changed since it was read first/);
    assert.ok(lines.length < 9);
    assert.equal(code, 2);
  });

  liveIt('--dry-run writes what would go out, with the times of the capture, and sends nothing', async () => {
    const out = join(folder, 'dry.pcap');
    const words = ['replay', file, '--dry-run', '--pcap', out, '--rewrite', 'destination-port=8'];
    const { code, stderr } = await new Cli(words).end;
    assert.equal(code, 0, stderr);
    await using written = await openFileCapture(out);
    const found: Frame[] = [];
    for await (const batch of written) found.push(...batch);
    assert.equal(found.length, frames.length);
    assert.deepEqual(
      found.map(({ seconds }) => seconds),
      frames.map(({ seconds }) => seconds),
    );
    assert.equal(new DataView(Uint8Array.from(frameData(found[0]!)).buffer).getUint16(36), 8);
  });

  liveIt('refuses what it cannot send, by the number of the frame', async () => {
    const cut = join(folder, 'cut.pcap');
    await writeFile(cut, encodePcap([{ ...frames[0]!, caplen: 100 }], pcapFormat(LINKTYPE_ETHERNET)));
    const end = await new Cli(['replay', cut, '-i', LAB.near.interface]).end;
    assert.equal(end.code, 2);
    assert.match(end.stderr, /frame 1: got "100 of 1514 octets", want a whole frame/);
  });
});
