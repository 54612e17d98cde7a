import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { insideLab, LAB, scratchFolder, setLabMtu } from '../../src/host/lab.js';
import { resolveNeighbour } from '../../src/host/neighbour.js';
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

  liveIt('what keeps the kernel from asking for a neighbour is told at once', async () => {
    await runTool('nft', ['add table ip still; add chain ip still out { type filter hook output priority 0; }']);
    await runTool('nft', ['add rule ip still out udp dport 9 drop']);
    try {
      const told = { code: 'EPERM', syscall: 'sendto', address: '192.0.2.99', hint: /firewall.*--destination-mac/ };
      await assert.rejects(resolveNeighbour('192.0.2.99', near.interface), told);
    } finally {
      await runTool('nft', ['delete table ip still']);
    }
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

  describe('a second wire, whose rules choose by source', () => {
    const ip = (words: string) => runTool('ip', words.split(' '));
    const sentBy = async (name: string) => {
      const json = await runTool('ip', ['-json', '-statistics', 'link', 'show', name]);
      return (JSON.parse(json) as [{ stats64: { tx: { packets: number } } }])[0].stats64.tx.packets;
    };
    before(async () => {
      if (insideLab() === null) return;
      await ip('link add second0 type veth peer name second1');
      await ip('addr add 203.0.113.1/24 dev second0');
      await ip('addr add 192.0.2.11/24 dev near0');
      for (const name of ['second0', 'second1']) await ip(`link set ${name} up`);
      await ip('neigh add 203.0.113.2 lladdr 02:00:00:00:00:99 dev second0 nud permanent');
      await ip('route add 198.51.100.0/24 via 192.0.2.2');
      await ip('route add 198.51.100.0/24 via 203.0.113.2 table 100');
      await ip('rule add from 192.0.2.11 lookup 100');
    });
    after(async () => {
      if (insideLab() === null) return;
      await ip('rule del from 192.0.2.11');
      await ip('link del second0');
      await ip('addr del 192.0.2.11/24 dev near0');
      await ip('route del 198.51.100.0/24');
    });

    for (const driver of ['raw-socket', 'packet-socket', 'virtio-ufo', 'kernel-udp'] as const) {
      liveIt(`${driver} goes by it from the address that they name, and not from another`, async () => {
        for (const [source, name] of [
          ['192.0.2.11', 'second0'],
          ['192.0.2.1', 'near0'],
        ] as const) {
          await using socket = createSocket({ type: 'udp4', driver });
          await socket.bind(0, source);
          const path = await socket.path({ address: '198.51.100.7', port: 9 });
          assert.deepEqual([path.interface, path.source], [name, source]);
          const had = await sentBy(name);
          await socket.sendMany(Array(50).fill(new Uint8Array(100)), { address: '198.51.100.7', port: 9 });
          await socket.idle();
          const went = (await sentBy(name)) - had;
          assert.ok(went >= 50, `${went} of 50 by ${name}`);
        }
      });
    }

    liveIt('a dry run says what a sender would meet: interface, MTU and neighbour of that source', async () => {
      await ip('link set second0 mtu 900');
      const words = ['198.51.100.7:9', '--dry-run', '--json', '--source', '192.0.2.11', '--vlan', '5'];
      const end = await send(words[0]!, ...words.slice(1), '--pcap', join(scratchFolder(), 'dry.pcap'));
      assert.equal(end.code, 0, end.stderr);
      assert.equal(lastJson<{ fragments: number }>(end).fragments, 4);
      const file = await readFile(join(scratchFolder(), 'dry.pcap'));
      assert.equal(file.subarray(40, 46).toString('hex'), '020000000099');
    });
  });

  liveIt(
    'a neighbour is asked for by the interface that is named, where another one has the same network',
    async () => {
      await runTool('ip', 'link add twin0 type veth peer name twin1 netns far'.split(' '));
      try {
        await runTool('ip', 'addr add 192.0.2.21/24 dev twin0'.split(' '));
        await runTool('ip', 'link set twin0 up'.split(' '));
        const far = (words: string) => runTool('nsenter', ['--net=/run/netns/far', 'ip', ...words.split(' ')]);
        await far('addr add 192.0.2.22/24 dev twin1');
        await far('link set twin1 up');
        const mac = JSON.parse(await far('-json link show twin1')) as [{ address: string }];
        assert.equal(await resolveNeighbour('192.0.2.22', 'twin0'), mac[0].address);
      } finally {
        await runTool('ip', ['link', 'del', 'twin0']);
      }
    },
  );

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
