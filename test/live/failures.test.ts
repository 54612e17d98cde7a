import assert from 'node:assert/strict';
import { after, before, beforeEach } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import type { UfoError } from '../../src/errors.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { makePayload } from '../../src/payload/generated.js';
import { sha256 } from '../../src/payload/sha256.js';
import type { SendResult } from '../../src/socket/flight/datagram.js';
import { createSocket, type UfoSocket } from '../../src/socket/socket.js';
import { Cli, lastJson, runCli, summaryOf } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const { near, far } = LAB;
const PAYLOAD = makePayload(60_000, 1, 0);

/** Sends until it succeeds; a change of MTU may cost the datagrams that were cut before it was known. */
async function sendAtLast(socket: UfoSocket, port: number): Promise<{ result: SendResult; refused: UfoError[] }> {
  const refused: UfoError[] = [];
  for (;;) {
    try {
      return { result: await socket.send(PAYLOAD, { address: far.ipv4, port }), refused };
    } catch (error) {
      refused.push(error as UfoError);
      if (refused.length === 3) throw error;
    }
  }
}

describeLive('failures', () => {
  let receiver: FarReceiver;
  before(async () => {
    receiver = await FarReceiver.start();
  });
  after(() => receiver[Symbol.asyncDispose]());
  beforeEach(async () => {
    await runTool('ip', ['link', 'set', near.interface, 'up']);
    await setLabMtu(1500);
    await pinNeighbours();
  });

  for (const [driver, codes] of [
    ['raw-socket', ['ENETDOWN', 'ENETUNREACH']],
    ['packet-socket', ['ENETDOWN']],
  ] as const) {
    liveIt(`${driver}: a link that goes down while sending ends it with what had gone`, async () => {
      await using socket = createSocket({ type: 'udp4', driver });
      await socket.connect(receiver.port, far.ipv4);
      let sent = 0;
      const source = function* () {
        for (;;) yield PAYLOAD;
      };
      const onDatagram = (): void => {
        sent += 1;
        if (sent === 50) void runTool('ip', ['link', 'set', near.interface, 'down']);
      };
      const error = await socket.sendMany(source(), { onDatagram, signal: AbortSignal.timeout(10_000) }).then(
        () => assert.fail('it went on'),
        (error: UfoError & { summary: { datagrams: number; failed: number } }) => error,
      );
      assert.ok(
        codes.some((code) => code === error.code),
        `${error.code}: ${error.message}`,
      );
      assert.ok(error.partial!.fragmentsSent < error.partial!.fragments);
      assert.equal(error.summary.datagrams, sent);
      assert.ok(error.summary.failed > 0);
      assert.match(error.message, /of 41 fragments had gone/);
    });
  }

  liveIt('the same from the command line: the report, then exit 3', async () => {
    const cli = new Cli(['send', `${far.ipv4}:9`, '--size', '60000', '--duration', '10s', '--rate', '500/s', '--json']);
    await cli.lines(20);
    await runTool('ip', ['link', 'set', near.interface, 'down']);
    const end = await cli.end;
    assert.equal(end.code, 3, end.stderr);
    const { datagrams, failed, error } = summaryOf<{ datagrams: number; failed: number; error: { code: string } }>(end);
    assert.ok(datagrams >= 20 && failed > 0);
    assert.match(error.code, /ENETDOWN|ENETUNREACH/);
    assert.match(end.stderr, /ENETDOWN|ENETUNREACH/);
  });

  liveIt("the device's MTU is lowered: EMSGSIZE at most, then smaller fragments arrive", async () => {
    await using socket = createSocket({ type: 'udp4' });
    await socket.bind();
    const { port } = await socket.address();
    assert.equal((await sendAtLast(socket, receiver.port)).result.gsoSize, 1480);
    await receiver.take(port, PAYLOAD.length, 2000);
    await setLabMtu(1000);
    const { result, refused } = await sendAtLast(socket, receiver.port);
    assert.deepEqual(
      refused.map(({ code }) => code),
      refused.map(() => 'EMSGSIZE'),
    );
    assert.equal(result.gsoSize, 976);
    assert.equal((await receiver.take(port, PAYLOAD.length, 2000))?.sha256, sha256(PAYLOAD));
  });

  liveIt("the route's MTU is lowered: the next datagrams have smaller fragments", async () => {
    await using socket = createSocket({ type: 'udp4' });
    await socket.bind();
    const { port } = await socket.address();
    await socket.send(PAYLOAD, { address: far.ipv4, port: receiver.port });
    await receiver.take(port, PAYLOAD.length, 2000);
    const route = [far.ipv4, 'dev', near.interface, 'mtu', '1300'];
    await runTool('ip', ['route', 'replace', ...route]);
    try {
      await sleep(150); // what the companion knows of a path may be 100 ms old
      const { result } = await sendAtLast(socket, receiver.port);
      assert.equal(result.gsoSize, 1280);
      assert.equal((await receiver.take(port, PAYLOAD.length, 2000))?.sha256, sha256(PAYLOAD));
    } finally {
      await runTool('ip', ['route', 'del', ...route]);
    }
  });

  liveIt('DF over an MTU lowered since: EMSGSIZE, and what fits still goes', async () => {
    await using socket = createSocket({ type: 'udp4', dontFragment: true });
    await socket.connect(receiver.port, far.ipv4);
    assert.equal((await socket.send(new Uint8Array(1472))).way, 'unfragmented');
    await setLabMtu(1400);
    await assert.rejects(socket.send(new Uint8Array(1472)), { code: 'EMSGSIZE' });
    assert.equal((await socket.send(new Uint8Array(1372))).fragmentsSent, 1);
  });

  const bare = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'];
  const refusals: [string, string[], number, RegExp, string[]?][] = [
    ['no privilege', ['192.0.2.2:9', '--size', '1'], 3, /EPERM[\s\S]*CAP_NET_RAW/, bare],
    ['no route', ['198.51.100.1:9', '--size', '1'], 3, /ENETUNREACH 198\.51\.100\.1[\s\S]*ip route/],
    ['an unknown interface', ['192.0.2.2:9', '--size', '1', '-i', 'nope0'], 2, /"nope0", want one of lo, near0/],
    ['DF over the MTU', ['192.0.2.2:9', '--size', '1473', '--df'], 3, /EMSGSIZE.*1501 octets at an MTU of 1500/],
    [
      'a source that the kernel would write itself',
      ['192.0.2.2:9', '--size', '9', '--source', '0.0.0.0', '--spoof'],
      3,
      /source: with raw-socket the kernel writes a source of 0\.0\.0\.0 itself/,
    ],
    ['a size over the limit', ['192.0.2.2:9', '--size', '65508'], 2, /--size: got 65508, want 0 … 65507/],
    ['an MTU too small for 8 octets', ['192.0.2.2:9', '--size', '99', '--mtu', '27'], 2, /mtu: got "27"/],
    [
      "an MTU over the device's",
      ['192.0.2.2:9', '--size', '99', '--mtu', '1501'],
      2,
      /mtu: got 1501, want at most 1500/,
    ],
    ['port 0', ['192.0.2.2:0', '--size', '1'], 2, /want a port of 1 … 65535/],
    ['a port of 17 bits', ['192.0.2.2:65536', '--size', '1'], 2, /want a port of 1 … 65535/],
    ['a size that is none', ['192.0.2.2:9', '--size', 'abc'], 2, /--size: got "abc"/],
    ['an option twice', ['192.0.2.2:9', '--size', '1', '--size', '2'], 2, /--size: given twice/],
    ['a garbage address', ['192.0.2.999:9', '--size', '1'], 2, /192\.0\.2\.999/],
    ['a file that is not there', ['192.0.2.2:9', '--file', '/nope'], 2, /ENOENT.*\/nope/],
    ['an id of 17 bits over IPv4', ['192.0.2.2:9', '--size', '1', '--ident', '65536'], 2, /--ident: got 65536/],
    ['options over IPv6', ['[2001:db8::2]:9', '--size', '1', '--options', '01010100'], 2, /options/],
    ['a source of the other family', ['[2001:db8::2]:9', '--size', '1', '--source', '192.0.2.1'], 2, /source|address/],
    ['an IPv6 MTU with no room', ['[2001:db8::2]:9', '--size', '99', '--mtu', '55'], 2, /mtu: got 55/],
  ];
  for (const [what, words, code, message, prefix] of refusals) {
    liveIt(`${what}: exit ${code}, one message, nothing on stdout`, async () => {
      const end = await runCli(['send', ...words], { prefix });
      assert.match(end.stderr, message);
      assert.deepEqual([end.code, end.lines], [code, []], end.stderr);
      assert.doesNotMatch(end.stderr, /\n\s+at /);
    });
  }

  liveIt('output into a pipe that is closed: it ends at once, and quietly', async () => {
    const cli = new Cli(['send', `${far.ipv4}:9`, '--size', '10', '--duration', '15s', '--rate', '1000/s', '--json']);
    await cli.lines(3);
    const start = performance.now();
    cli.child.stdout!.destroy();
    const { code, stderr } = await cli.end;
    assert.equal(code, 4);
    assert.equal(stderr, '');
    assert.ok(performance.now() - start < 5000);
  });

  liveIt('SIGINT: the report on what had gone, then its end by that signal', async () => {
    const cli = new Cli(['send', `${far.ipv4}:9`, '--size', '10', '--duration', '15s', '--rate', '500/s', '--json']);
    await cli.lines(3);
    cli.child.kill('SIGINT');
    const end = await cli.end;
    assert.equal(end.signal, 'SIGINT');
    const summary = lastJson<{ type: string; datagrams: number }>(end);
    assert.ok(summary.type === 'summary' && summary.datagrams >= 3);
    assert.equal(end.lines.length, summary.datagrams + 1);
  });
});
