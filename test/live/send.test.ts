import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { WireReport } from '../../src/app/common/wire-report.js';
import { LARGEST, packetsOf } from '../../src/app/demo/cases.js';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import type { SendOutcome } from '../../src/app/send/report.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { parseSizes } from '../../src/options/parse-payload.js';
import { makePayload } from '../../src/payload/generated.js';
import { sha256 } from '../../src/payload/sha256.js';
import { sizeOf } from '../../src/payload/sizes.js';
import { createSocket } from '../../src/socket/socket.js';
import { lastJson, runCli } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';
import { startPythonReceiver } from './python-receiver.js';
import { tsharkDatagrams } from './tshark.js';

const FAR = { 4: LAB.far.ipv4, 6: `[${LAB.far.ipv6}]` } as const;
const SIZES = { 4: [0, 1, 1472, 1473, 8192, LARGEST[4]], 6: [0, 1, 1452, 1453, 8192, LARGEST[6]] } as const;

interface Summary extends Pick<SendOutcome, 'lost'> {
  readonly failed: number;
  readonly datagrams: number;
  readonly fragments: number;
  readonly octets: number;
  readonly sourcePort: number;
  readonly driver: string;
  readonly ways: readonly { way: string; why: string }[];
  readonly idents: { first: number; last: number } | null;
  readonly verify: WireReport | null;
}

describeLive('udp-ufo send', () => {
  let folder: string;
  let node: FarReceiver;
  let python: FarReceiver | null;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ufo-send-'));
    await setLabMtu(1500);
    await pinNeighbours();
    node = await FarReceiver.start();
    python = await startPythonReceiver();
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    await python?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  for (const family of [4, 6] as const) {
    liveIt(`IPv${family}, ${SIZES[family].join(', ')} octets: the same octets to Node and Python`, async (t) => {
      if (python === null) t.diagnostic('no python3: Node alone received');
      await using socket = createSocket({ type: `udp${family}` });
      await socket.bind();
      const { port } = await socket.address();
      for (const receiver of python === null ? [node] : [node, python]) {
        for (const size of SIZES[family]) {
          const payload = makePayload(size, 5, size);
          const to = { address: family === 4 ? LAB.far.ipv4 : LAB.far.ipv6, port: receiver.port };
          assert.equal((await socket.send(payload, to)).fragments, packetsOf(family, 1500, size));
          assert.equal((await receiver.take(port, size, 2000))?.sha256, sha256(payload));
        }
      }
    });

    for (const size of [0, ...SIZES[family].slice(-3)]) {
      liveIt(`IPv${family}, ${size} octets: proven on the wire and delivered`, async () => {
        const words = ['send', `${FAR[family]}:${node.port}`, '--size', `${size}`, '--seed', '5', '--verify', '--json'];
        const end = await runCli(words);
        assert.equal(end.code, 0, end.stderr);
        const summary = lastJson<Summary>(end);
        const packets = packetsOf(family, 1500, size);
        assert.deepEqual([summary.driver, summary.datagrams, summary.fragments], ['raw-socket', 1, packets]);
        assert.deepEqual([summary.verify!.good, summary.verify!.packets], [1, packets]);
        assert.equal(summary.ways[0]!.way, packets === 1 ? 'unfragmented' : 'software-ufo');
        const received = await node.take(summary.sourcePort, size, 2000);
        assert.equal(received?.sha256, sha256(makePayload(size, 5, 0)));
      });
    }
  }

  liveIt('tells ways, ids, losses, and a line per datagram', async () => {
    const words = ['send', `${FAR[4]}:${node.port}`, '--size', '3000', '--count', '3', '--ident', '65534', '--json'];
    const end = await runCli(words);
    const idents = end.lines.slice(0, -1).map((line) => (JSON.parse(line) as { ident: number }).ident);
    assert.deepEqual(idents, [65_534, 65_535, 1]);
    const { datagrams, failed, octets, lost, idents: ends } = lastJson<Summary>(end);
    assert.deepEqual([datagrams, failed, octets, ends], [3, 0, 9000, { first: 65_534, last: 1 }]);
    assert.deepEqual(lost, { socket: 0, qdisc: 0, driver: 0, neighbour: 0, backlog: 0, unknown: 0 });
  });

  for (const [option, text, octets] of [
    ['--data', 'grüße\\n', Buffer.from('grüße\\n')],
    ['--hex', '00ff:7F', Buffer.of(0, 255, 127)],
  ] as const) {
    liveIt(`${option} ${text} arrives as it was typed, as often as --count says`, async () => {
      for (const receiver of python === null ? [node] : [node, python]) {
        const words = ['send', `${FAR[4]}:${receiver.port}`, option, text, '--count', '3', '--verify', '--json'];
        const summary = lastJson<Summary>(await runCli(words));
        assert.deepEqual([summary.datagrams, summary.verify!.verdict], [3, 'good']);
        for (let times = 0; times < 3; times++) {
          const received = await receiver.take(summary.sourcePort, octets.length, 2000);
          assert.equal(received?.sha256, sha256(octets));
        }
      }
    });
  }

  for (const [text, driver] of [
    ['64-20000', 'packet-socket'],
    ['64-20000', 'virtio-ufo'],
    ['3,64,9000', 'raw-socket'],
    ['imix', 'packet-socket'],
  ] as const) {
    liveIt(`--size ${text} by ${driver}: each datagram arrives in the size that seed and sequence give`, async () => {
      const sizes = parseSizes(text, '--size', { min: 0, max: 65_527 });
      for (const receiver of python === null ? [node] : [node, python]) {
        const words = [
          'send',
          `${FAR[4]}:${receiver.port}`,
          '--size',
          text,
          '--seed',
          '6',
          '--count',
          '24',
          '--driver',
          driver,
        ];
        const end = await runCli([...words, '--verify=far0']);
        assert.equal(end.code, 0, end.stderr);
        const { sourcePort } = lastJson<Summary>(await runCli([...words, '--verify=far0', '--json']));
        for (let sequence = 0; sequence < 24; sequence++) {
          const size = sizeOf(sizes, 6, sequence);
          const received = await receiver.take(sourcePort, size, 2000);
          assert.equal(received?.sha256, sha256(makePayload(size, 6, sequence)), `${sequence}: ${size}`);
        }
      }
    });
  }

  liveIt('sends standard input in datagrams, the last one shorter', async () => {
    const input = Buffer.from(makePayload(65_000, 8, 0));
    const words = ['send', `${FAR[6]}:${node.port}`, '--datagram-size', '30000', '--verify', '--json'];
    const summary = lastJson<Summary>(await runCli(words, { input }));
    assert.equal(summary.verify!.verdict, 'good');
    for (const [from, to] of [
      [0, 30_000],
      [30_000, 60_000],
      [60_000, 65_000],
    ] as const) {
      const received = await node.take(summary.sourcePort, to - from, 2000);
      assert.equal(received?.sha256, sha256(input.subarray(from, to)));
    }
  });

  for (const family of [4, 6] as const) {
    liveIt(`IPv${family}: tshark agrees with --verify on the capture`, async (t) => {
      const file = join(folder, `${family}.pcap`);
      const words = ['send', `${FAR[family]}:${node.port}`, '--size', '20000', '--count', '4', '--pcap', file];
      const end = await runCli([...words, '--verify=far0']);
      assert.equal(end.code, 0, end.stderr);
      const datagrams = await tsharkDatagrams(file);
      if (datagrams === null) return t.skip('tshark is not installed');
      const expected = { length: 20_008, checksumStatus: 1, fragments: 14 };
      assert.deepEqual(datagrams, [expected, expected, expected, expected]);
    });
  }

  liveIt('--verify where nothing passes: lost is inconclusive, with what is missing', async () => {
    const end = await runCli(['send', `${FAR[4]}:${node.port}`, '--size', '100', '--verify=lo', '--json']);
    const { verify } = lastJson<Summary>(end);
    assert.deepEqual([end.code, verify!.verdict, verify!.missing], [4, 'inconclusive', 1]);
  });

  for (const driver of [['af-xdp'], ['packet-socket', '--qdisc-bypass']]) {
    liveIt(`--verify is refused where ${driver.join(' ')} can't be seen, and works at the far end`, async () => {
      const words = ['send', `${FAR[4]}:${node.port}`, '--size', '9000', '--driver', ...driver];
      const refused = await runCli([...words, '--verify']);
      assert.deepEqual([refused.code, refused.lines], [3, []]);
      assert.match(refused.stderr, /not seen by a capture on near0.*\n.*--verify=far0/);
      assert.equal((await runCli([...words, '--verify=far0'])).code, 0);
    });
  }
});
