import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { LAB, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { createSocket } from '../../src/index.js';
import { lastJson, runCli } from './cli.js';
import { liveIt } from './in-lab.js';

const { near } = LAB;

const send = (to: string, ...more: string[]) => runCli(['send', to, '--size', '3000', ...more]);

async function farLinkLocal(): Promise<string> {
  const json = await runTool('nsenter', ['--net=/run/netns/far', 'ip', '-json', '-6', 'addr', 'show', 'far0']);
  const [{ addr_info }] = JSON.parse(json) as [{ addr_info: { local: string; scope: string }[] }];
  return addr_info.find(({ scope }) => scope === 'link')!.local;
}

describe('ways out', () => {
  for (const driver of ['raw-socket', 'packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp']) {
    liveIt(`${driver} takes the zone of a link-local address, and of a group`, async () => {
      const far = await farLinkLocal();
      for (const to of [`[${far}%${near.interface}]:9`, `[ff02::1%${near.interface}]:9`]) {
        const end = await send(to, '--multicast', '--driver', driver, '--verify=far0', '--json');
        assert.equal(end.code, 0, end.stderr);
        assert.equal(lastJson<{ verify: { verdict: string } }>(end).verify.verdict, 'good');
      }
    });
  }

  liveIt('a zone that contradicts the interface is refused', async () => {
    const end = await send('[fe80::1%lo]:9', '-i', near.interface);
    assert.equal(end.code, 2);
    assert.match(end.stderr, /address: got "fe80::1%lo", want a zone as --interface has it, which is near0/);
  });

  liveIt('blackhole, prohibit, unreachable and no route at all each have a text of their own', async () => {
    const kinds: [string, string, RegExp][] = [
      ['blackhole', '198.51.100.0/24', /EINVAL.*blackhole swallows/],
      ['prohibit', '203.0.113.0/24', /EACCES.*prohibit forbids/],
      ['unreachable', '198.18.0.0/15', /EHOSTUNREACH.*unreachable says/],
    ];
    for (const [type, network, says] of kinds) {
      await runTool('ip', ['route', 'add', type, network]);
      const end = await send(`${network.replace(/\.0\/.*/, '.1')}:9`);
      await runTool('ip', ['route', 'del', type, network]);
      assert.match(end.stderr, says);
      assert.equal(end.code, 3);
    }
    assert.match((await send('10.9.9.9:9')).stderr, /ENETUNREACH.*no route[\s\S]*--interface/);
  });

  for (const driver of ['packet-socket', 'virtio-ufo', 'af-xdp'] as const) {
    liveIt(`${driver} comes to a lower MTU after one refusal, with two VLAN tags too`, async () => {
      const vlans = [0x88a8, 0x8100].map((tpid) => ({ tpid, tci: 5 }));
      const destinationMac = Uint8Array.of(2, 0, 0, 0, 0, 2);
      const options = { type: 'udp4', driver, interface: near.interface, vlans, destinationMac } as const;
      await using socket = createSocket(options);
      const fragments = async () =>
        (await socket.send(new Uint8Array(6000), { address: '192.0.2.2', port: 9 })).fragments;
      assert.equal(await fragments(), 5); // 1496 octets of packet
      await setLabMtu(800);
      try {
        await fragments().catch(({ code }) => assert.equal(code, 'EMSGSIZE'));
        assert.equal(await fragments(), 8); // 776 behind each header of 20, and not 784
        assert.equal(await fragments(), 8);
      } finally {
        await setLabMtu(1500);
      }
    });
  }

  liveIt('--duration ends the wait for the next datagram as well', async () => {
    const begin = performance.now();
    const end = await runCli('send 192.0.2.2:9 --size 10 --duration 2 --rate 0.1/s --json'.split(' '));
    assert.equal(end.code, 0, end.stderr);
    const summary = lastJson<{ datagrams: number; seconds: number }>(end);
    assert.equal(summary.datagrams, 1);
    assert.ok(summary.seconds >= 1.9 && summary.seconds < 5, `${summary.seconds} s of ${performance.now() - begin} ms`);
  });

  liveIt('--duration ends the wait for octets of a standard input that gives no more', async () => {
    const stalled = 'f=$(mktemp -u); mkfifo "$f"; exec 0<>"$f"; rm "$f"; printf 12345 >&0; exec "$@"';
    const end = await runCli('send 192.0.2.2:9 --datagram-size 4 --duration 2 --json'.split(' '), {
      prefix: ['sh', '-c', stalled, 'sh'],
    });
    assert.equal(end.code, 0, end.stderr);
    const { datagrams, seconds } = lastJson<{ datagrams: number; seconds: number }>(end);
    assert.equal(datagrams, 1, 'what is left of it may not be the whole of the next one');
    assert.ok(seconds >= 1.9 && seconds < 10, `${seconds} s`);
  });

  liveIt('a datagram to a group has TTL 1 and is received by who joins it', async () => {
    const words = ['--net=/run/netns/far', process.execPath];
    const far = runCli(
      ['receive', '9999', '--address', '239.1.1.1', '-i', 'far0', '--count', '1', '--timeout', '15s', '--json'],
      {
        prefix: ['nsenter', ...words.slice(0, 1)],
      },
    );
    for (let tries = 0; tries < 10; tries++) {
      await runCli(['send', '239.1.1.1:9999', '--multicast', '-i', near.interface, '--size', '3000']);
      const ended = await Promise.race([far, new Promise<null>((resolve) => setTimeout(() => resolve(null), 500))]);
      if (ended !== null) break;
    }
    assert.equal((await far).code, 0);
  });
});
