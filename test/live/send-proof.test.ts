import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FlowCount } from '../../src/app/common/flows.js';
import type { WireReport } from '../../src/app/common/wire-report.js';
import { LAB, ROUTED_LAB } from '../../src/host/lab-info.js';
import { encodePcap } from '../../src/wire/capture-encoder.js';
import { pcapFormat } from '../../src/wire/pcap-format.js';
import { PcapReader } from '../../src/wire/pcap-reader.js';
import { Cli, type CliEnd, lastJson, MAIN, runCli, summaryOf } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

interface Summary {
  readonly datagrams: number;
  readonly verify: WireReport;
}

const FAR = { 4: `${LAB.far.ipv4}:9999`, 6: `[${LAB.far.ipv6}]:9999` } as const;
const proof = (end: CliEnd): WireReport => lastJson<Summary>(end).verify;

/** Sends through a lab of its own with a router in it. */
function routed(router: string, ...words: readonly string[]): { status: number | null; verify: WireReport } {
  const lab = [MAIN, 'lab', '--router', router, '--', process.execPath, MAIN];
  const send = ['send', `${ROUTED_LAB.far.ipv4}:9999`, '--size', '3000', '--count', '2', '--json', ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...lab, ...send], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  const line = stdout.trim().split('\n').at(-1);
  assert.match(line ?? '', /^{/, stderr);
  return { status, verify: (JSON.parse(line!) as Summary).verify };
}

describeLive('what send --verify proves', () => {
  liveIt('flows: each has its own addresses and ports, by one sender and by two', async () => {
    const to = `${LAB.far.ipv4}:9000-9004`;
    const common = ['--size', '40-3000', '--count', '120', '--rate', '2000/s', '--verify=far0', '--json'];
    for (const more of [
      ['--driver', 'raw-socket', '--source-port', '1000-1003,2000'],
      ['--driver', 'packet-socket', '--source-port', '1000-1003', '--queues', '2', '--flow-order', 'random'],
      ['--driver', 'kernel-udp'],
    ]) {
      const end = await runCli(['send', to, ...common, ...more]);
      assert.equal(end.code, 0, `${more}: ${end.stderr} ${end.lines.at(-1)}`);
      const { flows, verify } = summaryOf<Summary & { flows: readonly FlowCount[] }>(end);
      assert.equal(verify.good, 120);
      assert.equal(
        flows.reduce((sum, { datagrams }) => sum + datagrams, 0),
        120,
      );
      assert.ok(
        flows.length >= 5 &&
          new Set(flows.map(({ sourcePort, destinationPort }) => `${sourcePort} ${destinationPort}`)).size ===
            flows.length,
      );
    }
    const { code, stderr } = await runCli([
      'send',
      to,
      '--size',
      '9',
      '--driver',
      'kernel-udp',
      '--source-port',
      '5-6',
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /kernel-udp is an ordinary UDP socket, which sends from no other address and port/);
  });

  for (const driver of ['raw-socket', 'packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp']) {
    liveIt(`${driver}: every field and the cut, both families, small and large`, async () => {
      for (const family of [4, 6] as const) {
        for (const size of ['9', '65507']) {
          const words = [
            'send',
            FAR[family],
            '--size',
            size,
            '--count',
            '3',
            '--driver',
            driver,
            '--verify=far0',
            '--json',
          ];
          const end = await runCli(words);
          const { good, differences, changed, late } = proof(end);
          assert.deepEqual([end.code, good, differences, changed, late], [0, 3, [], [], 0], `IPv${family}, ${size}`);
        }
      }
    });
  }

  liveIt('each field that was asked for is there', async () => {
    const words4 = ['--ttl', '7', '--tos', '0xb9', '--options', '94040000', '--vlan', '5.3', '--ident', '77'];
    const words6 = ['--ttl', '7', '--tos', '3', '--flow-label', '77', '--vlan', '5,6', '--zero-checksum'];
    for (const [family, words] of [
      [4, words4],
      [6, [...words6, '--extension-headers', 'hop-by-hop=0000050200000100,destination=0000010400000000']],
    ] as const) {
      const end = await runCli([
        ...['send', FAR[family], '--size', '5000', '--driver', 'packet-socket', '--verify=far0', '--json'],
        ...words,
      ]);
      assert.deepEqual([end.code, proof(end).differences], [0, []], end.stderr);
    }
  });

  liveIt('a field changed on the own link is a fault, with from and to', async () => {
    const nft = (...words: readonly string[]): void => assert.equal(spawnSync('nft', words).status, 0);
    nft('add', 'table', 'ip', 'proof');
    try {
      nft('add', 'chain', 'ip', 'proof', 'out', '{ type filter hook postrouting priority 0; }');
      nft(
        'add',
        'rule',
        'ip',
        'proof',
        'out',
        'ip',
        'daddr',
        LAB.far.ipv4,
        'ip',
        'ttl',
        'set',
        '9',
        'ip',
        'dscp',
        'set',
        'cs5',
      );
      const end = await runCli([
        'send',
        FAR[4],
        '--size',
        '3000',
        '--ttl',
        '64',
        '--tos',
        '0',
        '--verify=far0',
        '--json',
      ]);
      const { link, verdict, changed } = proof(end);
      assert.deepEqual([end.code, link, verdict], [1, 'own', 'bad']);
      assert.deepEqual(
        changed.map(({ field, from, to }) => [field, from, to]),
        [
          ['ttl', '64', '9'],
          ['dscp', '0', '40 (cs5)'],
        ],
      );
    } finally {
      nft('delete', 'table', 'ip', 'proof');
    }
  });

  liveIt('behind a router its TTL and MTU are changed on the way, and fail with --strict only', () => {
    const plain = routed('ip link set rfar0 mtu 1000', '--verify=far0');
    assert.deepEqual([plain.status, plain.verify.link, plain.verify.verdict], [0, 'path', 'good']);
    assert.deepEqual(
      plain.verify.changed.map(({ field, from, to }) => [field, from, to]),
      [
        ['ttl', '64', '63'],
        ['largest packet', '1500', '996'],
      ],
    );
    assert.equal(routed('none', '--verify=far0', '--strict').status, 1);
  });

  liveIt('doubled is bad, and lost is inconclusive', () => {
    const doubled = routed('duplicate', '--verify=far0');
    assert.deepEqual([doubled.status, doubled.verify.verdict, doubled.verify.doubled], [1, 'bad', 2]);
    assert.deepEqual(
      doubled.verify.changed.map(({ field }) => field),
      ['ttl'],
    ); // the copies are like what was copied
    const lost = routed('drop-later', '--verify=far0');
    assert.deepEqual([lost.status, lost.verify.verdict, lost.verify.incomplete], [4, 'inconclusive', 2]);
  });

  liveIt('a file of what was sent judges a capture of it, whole, with some missing and with some twice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ufo-save-'));
    try {
      const [saved, capture] = [join(folder, 'sent'), join(folder, 'all.pcap')];
      const words = ['send', FAR[4], '--count', '10', '--verify=far0', '--json', '--save', saved, '--pcap', capture];
      assert.equal((await runCli([...words, '--size', '3000'])).code, 0);
      const all = new PcapReader().push(readFileSync(capture));
      for (const [what, frames, code, counts] of [
        ['all', all, 0, [10, 0, 0]],
        ['three missing', all.slice(0, -9), 4, [7, 3, 0]],
        ['seven doubled', [...all, ...all.slice(0, 21)], 1, [10, 0, 7]],
      ] as const) {
        const file = join(folder, `${what}.pcap`);
        writeFileSync(file, encodePcap(frames, pcapFormat(1)));
        const end = await runCli(['verify', '-r', file, '--expect', saved, '--json']);
        const { comparison } = lastJson<{ comparison: WireReport }>(end);
        const { good, missing, doubled, differences } = comparison;
        assert.deepEqual([end.code, good, missing, doubled], [code, ...counts], `${what}: ${end.stderr}`);
        assert.deepEqual(differences, []);
        const alone = await runCli(['verify', '-r', file, '--generated']);
        assert.equal(alone.code, what === 'three missing' ? 0 : code, 'the last of a series are missed by nobody');
      }
      const wrong = await runCli(['verify', '-r', capture, '--expect', capture]);
      assert.deepEqual([wrong.code, /line 1: this is no file of what was sent/.test(wrong.stderr)], [2, true]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  liveIt('Ctrl-C: the verdict on what went until then', async () => {
    const cli = new Cli([
      'send',
      FAR[4],
      '--size',
      '3000',
      '--duration',
      '15s',
      '--rate',
      '200/s',
      '--verify=far0',
      '--json',
    ]);
    await cli.lines(20);
    cli.child.kill('SIGINT');
    const end = await cli.end;
    const { datagrams, verify } = lastJson<Summary>(end);
    assert.equal(end.signal, 'SIGINT');
    assert.ok(datagrams >= 20);
    assert.deepEqual([verify.verdict, verify.expected, verify.good], ['good', datagrams, datagrams]);
  });

  liveIt('a capture that dies: at once the counts, and inconclusive', async () => {
    const cli = new Cli([
      'send',
      FAR[4],
      '--size',
      '3000',
      '--duration',
      '15s',
      '--rate',
      '200/s',
      '--verify=far0',
      '--json',
    ]);
    await cli.lines(20);
    const begin = performance.now();
    const children = childrenOf(cli.child.pid!);
    assert.ok(children.length > 0);
    for (const pid of children) process.kill(pid, 'SIGKILL');
    const end = await cli.end;
    const { datagrams, verify } = lastJson<Summary>(end);
    assert.ok(performance.now() - begin < 5_000);
    assert.deepEqual([end.code, verify.verdict, verify.expected], [4, 'inconclusive', datagrams]);
    assert.match(verify.broken!, /killed by SIGKILL/);
  });

  liveIt('a send that fails midway: what had gone is proven all the same', async () => {
    const cli = new Cli([
      'send',
      FAR[4],
      '--size',
      '3000',
      '--duration',
      '15s',
      '--rate',
      '300/s',
      '--driver',
      'packet-socket',
      '--verify=far0',
      '--json',
    ]);
    await cli.lines(20);
    spawnSync('ip', ['link', 'set', LAB.near.interface, 'down']);
    const end = await cli.end;
    spawnSync('ip', ['link', 'set', LAB.near.interface, 'up']);
    await sleep(100);
    const { datagrams, verify } = summaryOf<Summary>(end);
    assert.equal(end.code, 3, end.stderr);
    assert.equal(verify.expected, datagrams);
    assert.equal(verify.bad, 0);
  });
});

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => statusOf(pid).includes(`\nPPid:\t${parent}\n`))
    .map(Number);
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return ''; // gone meanwhile
  }
}
