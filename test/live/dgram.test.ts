import assert from 'node:assert/strict';
import * as dgram from 'node:dgram';
import { once } from 'node:events';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';
import { IcmpError } from '../../src/companion/icmp-error.js';
import { farCommand, LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';
import { makePayload } from '../../src/payload/generated.js';
import { sha256 } from '../../src/payload/sha256.js';
import { createSocket } from '../../src/socket/socket.js';
import { CASES, type Make } from '../socket/dgram/cases.js';
import { takeNext } from './far-receiver.js';
import { describeLive, liveIt } from './in-lab.js';
import { watchFar } from './watch-far.js';

const { near, far } = LAB;
const DRIVERS = ['raw-socket', 'packet-socket', 'virtio-ufo', 'af-xdp', 'kernel-udp', 'auto'] as const;
const GROUPS = ['239.1.2.3', `ff02::1234%${near.interface}`, `ff05::1234%${near.interface}`] as const;

/** A member of the groups on the far host, which tells what it gets as `FarReceiver` wants it. */
const MEMBER = `
  const { createSocket } = require('node:dgram'), { createHash } = require('node:crypto');
  const four = createSocket('udp4'), six = createSocket({ type: 'udp6', ipv6Only: true });
  for (const socket of [four, six]) socket.on('message', (message, { port }) =>
    console.log(JSON.stringify({ port, length: message.length, sha256: createHash('sha256').update(message).digest('hex') })));
  four.bind(0, () => {
    four.addMembership('239.1.2.3', '${far.ipv4}');
    six.bind(four.address().port, () => {
      for (const group of ['ff02::1234', 'ff05::1234']) six.addMembership(group, '::%${far.interface}');
      console.log(JSON.stringify({ bound: four.address().port }));
    });
  });
  process.stdin.on('close', () => process.exit()).resume();`;

async function farRun(command: string, ...args: string[]): Promise<string> {
  const [program, all] = farCommand(command, args);
  return runTool(program, all);
}

async function farLinkLocal(): Promise<string> {
  const text = await farRun('ip', '-o', '-6', 'addr', 'show', 'dev', far.interface, 'scope', 'link');
  return `${/inet6 (fe80[^/]*)/.exec(text)![1]}%${near.interface}`;
}

/** lo has an address of host scope only, so that the kernel finds no source for a raw packet's route, and asks for that. */
const NOT_ON_LO = { 'raw-socket': /SourceSpecific/, 'kernel-udp': /^$/ } as const;

describeLive('dgram in the lab', () => {
  let member: FarReceiver;
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    member = await FarReceiver.start([process.execPath, '-e', MEMBER]);
    // Otherwise the far host tells of six datagrams at once, and then of one in a second.
    await farRun('sh', '-c', 'cd /proc/sys/net; echo 0 > ipv4/icmp_ratelimit; echo 0 > ipv6/icmp/ratelimit');
  });
  after(() => member[Symbol.asyncDispose]());

  for (const driver of ['raw-socket', 'kernel-udp'] as const) {
    const ours: Make = (options, onMessage) => {
      const all = typeof options === 'object' && options !== null ? options : { type: options };
      return createSocket({ ...all, driver } as never, onMessage) as unknown as dgram.Socket;
    };
    for (const [what, run] of Object.entries(CASES)) {
      if (NOT_ON_LO[driver].test(what)) continue;
      liveIt(`${driver}: a program sees the same of ${what}`, async () => {
        const want = await run((options, onMessage) => dgram.createSocket(options as dgram.SocketOptions, onMessage));
        assert.deepEqual(await run(ours), want);
      });
    }
  }

  for (const driver of DRIVERS) {
    liveIt(`${driver}: sends to a zone, connected and not, whole and in fragments`, async () => {
      const address = await farLinkLocal();
      await using socket = createSocket({ type: 'udp6', driver });
      const payloads = [10, 5_000].map((len, i) => makePayload(len, 1, i));
      for (const payload of payloads) await socket.send(payload, member.port, address);
      await socket.connect(member.port, address);
      assert.equal(socket.remoteAddress().address, address);
      assert.match(socket.address().address, new RegExp(`^fe80::.*%${near.interface}$`));
      for (const payload of payloads) await socket.send(payload);
      const { port } = socket.address();
      const want = [...payloads, ...payloads].map((one) => ({ length: one.length, sha256: sha256(one), port }));
      assert.deepEqual(await takeNext(member, 4), want);
    });

    liveIt(`${driver}: sends to groups of both families by the interface told, TTL 1 unless told`, async () => {
      for (const [i, group] of GROUPS.entries()) {
        const type = group.includes(':') ? 'udp6' : 'udp4';
        await using socket = createSocket({ type, driver });
        if (type === 'udp4') socket.setMulticastInterface(near.ipv4);
        const hops = (ttl: number): string =>
          type === 'udp4' ? `dst 239.1.2.3 and ip[8] = ${ttl}` : `dst ${group.split('%')[0]} and ip6[7] = ${ttl}`;
        const payload = makePayload(3_000, 1, i);
        await using once = await watchFar(hops(1), 3);
        await socket.send(payload, member.port, group);
        assert.equal(await once.frames(), 3);
        await using told = await watchFar(hops(7), 3);
        socket.setTTL(99);
        socket.setMulticastTTL(7);
        await socket.send(payload, member.port, group);
        assert.equal(await told.frames(), 3);
        const want = { length: 3_000, sha256: sha256(payload), port: socket.address().port };
        assert.deepEqual(await takeNext(member, 2), [want, want]);
      }
    });

    liveIt(`${driver}: TTL by setTTL, also of a destination known already`, async () => {
      await using socket = createSocket({ type: 'udp4', driver });
      await socket.connect(member.port, far.ipv4);
      await socket.send('x');
      await using watch = await watchFar(`dst ${far.ipv4} and ip[8] = 33`, 1);
      socket.setTTL(33);
      await socket.send('y');
      assert.equal(await watch.frames(), 1);
      await takeNext(member, 2);
    });

    liveIt(
      `${driver}: refuses a zone that contradicts, one that is none, and a link-local address without one`,
      async () => {
        const refused = { name: 'TypeError', code: 'ERR_UFO_INVALID_ARGUMENT', argument: 'address' };
        await using bound = createSocket({ type: 'udp6', driver, interface: 'lo' });
        await assert.rejects(bound.send('x', 9, `fe80::1%${near.interface}`), { ...refused, message: /which is lo/ });
        await using socket = createSocket({ type: 'udp6', driver });
        await assert.rejects(socket.send('x', 9, 'fe80::1%none0'), { ...refused, message: /one of .*near0/ });
        await assert.rejects(socket.send('x', 9, 'fe80::1'), { ...refused, message: /a zone/ });
        assert.throws(() => socket.setMulticastInterface('::%none0'), { argument: 'multicastInterface' });
      },
    );
  }

  liveIt('joins groups by interface, and hears what the far host sends there', async () => {
    for (const [type, group, by] of [
      ['udp4', '239.1.2.4', near.ipv4],
      ['udp4', '239.1.2.4', near.interface],
      ['udp6', 'ff02::77', `::%${near.interface}`],
    ] as const) {
      const heard: string[] = [];
      await using socket = createSocket(type, (payload) => heard.push(payload.toString()));
      await socket.bind();
      socket.addMembership(group, by);
      const to = `${socket.address().port}, '${group}${type === 'udp6' ? `%${far.interface}` : ''}'`;
      const script = `const s = require('node:dgram').createSocket('${type}'); s.bind(0, () => {
        ${type === 'udp4' ? `s.setMulticastInterface('${far.ipv4}');` : ''} s.send('hello', ${to}, () => s.close()); })`;
      const message = once(socket, 'message', { signal: AbortSignal.timeout(10_000) });
      await farRun(process.execPath, '-e', script);
      await message;
      assert.deepEqual(heard, ['hello']);
    }
  });

  for (const driver of ['raw-socket', 'kernel-udp', 'packet-socket'] as const) {
    liveIt(`${driver}: unconnected it is silent on ICMP unless asked, and says whom it concerns`, async () => {
      const errors: unknown[] = [];
      const warnings: unknown[] = [];
      const warned = (warning: Error) => warnings.push(warning);
      process.on('warning', warned);
      await using socket = createSocket({ type: 'udp4', driver });
      socket.on('error', (error) => errors.push(error));
      for (let i = 0; i < 3; i++) await socket.send('x', 7, far.ipv4);
      await sleep(300);
      assert.deepEqual([errors, warnings], [[], []]);
      const heard = once(socket, 'icmp', { signal: AbortSignal.timeout(10_000) });
      await socket.send('x', 7, far.ipv4);
      const [error] = (await heard) as [IcmpError];
      assert.ok(error instanceof IcmpError);
      assert.deepEqual(
        [error.code, error.address, error.port, error.offender],
        ['ECONNREFUSED', far.ipv4, 7, far.ipv4],
      );
      assert.deepEqual([errors, warnings], [[], []]);
      process.off('warning', warned);
    });

    liveIt(`${driver}: connected it tells of its peer, as dgram does, and of nobody else`, async () => {
      const codes = await Promise.all(
        [createSocket({ type: 'udp4', driver }) as unknown as dgram.Socket, dgram.createSocket('udp4')].map(
          async (socket) => {
            const failed = once(socket, 'error', { signal: AbortSignal.timeout(10_000) });
            await new Promise<void>((resolve) => socket.connect(7, far.ipv4, () => resolve()));
            socket.send('x');
            const [{ code }] = (await failed) as [NodeJS.ErrnoException];
            socket.close();
            return code;
          },
        ),
      );
      assert.deepEqual(codes, ['ECONNREFUSED', 'ECONNREFUSED']);
      await using socket = createSocket({ type: 'udp4', driver });
      const errors: unknown[] = [];
      socket.on('error', (error) => errors.push(error));
      await socket.connect(member.port, far.ipv4);
      await socket.send('x', { port: 7, address: far.ipv4 });
      await sleep(300);
      assert.deepEqual(errors, []);
    });
  }

  /** ICMP from the far host that quotes datagrams of a port of ours to 12,000 others, each from an address of its own. */
  const FORGE = `
import socket, struct, sys
port, kind, code, mtu, to = map(int, sys.argv[1:6])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
near = socket.inet_aton('${near.ipv4}')
def summed(octets):
    total = sum(struct.unpack('!%dH' % (len(octets) // 2), octets))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
for i in range(12000):
    peer = socket.inet_aton('${far.ipv4}') if to else struct.pack('!I', 0xcb007100 + i)
    quoted = struct.pack('!BBHHHBBH4s4sHHHH', 0x45, 0, 28, 1, 0, 64, 17, 0, near, peer, port, to or 7, 8, 0)
    icmp = struct.pack('!BBHHH', kind, code, 0, 0, mtu) + quoted
    icmp = struct.pack('!BBHHH', kind, code, summed(icmp), 0, mtu) + quoted
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(icmp), 0, 0, 64, 1, 0, struct.pack('!I', 0xc6330000 + i), near)
    raw.sendto(head + icmp, ('${near.ipv4}', 0))
`;
  const forge = (port: number, kind: number, code: number, mtu: number, to = 0) =>
    farRun('python3', '-c', FORGE, ...[port, kind, code, mtu, to].map(String));

  liveIt('12,000 forged ICMP errors make no line, and do no harm; asked for they say what they claim', async () => {
    const lines: unknown[] = [];
    const warned = (warning: Error) => lines.push(warning);
    process.on('warning', warned);
    await using socket = createSocket('udp4', (payload) => lines.push(payload.toString()));
    await socket.bind();
    const { port } = socket.address();
    await forge(port, 3, 3, 0);
    await forge(port, 3, 4, 10);
    await sleep(200);
    assert.deepEqual(lines, []);
    const heard: IcmpError[] = [];
    socket.on('icmp', (error) => heard.push(error));
    await forge(port, 3, 4, 10);
    await sleep(200);
    assert.ok(heard.length > 0);
    for (const { code, mtu, message, address } of heard) {
      assert.deepEqual([code, mtu], ['EMSGSIZE', null]);
      assert.match(message, /a path MTU of 10 is claimed and not believed/);
      assert.match(address!, /^203\.0\./);
    }
    assert.deepEqual(lines, []);
    await socket.send('still here', port, near.ipv4);
    for (let left = 500; lines.length === 0 && left > 0; left--) await sleep(10);
    assert.deepEqual(lines, ['still here']);
    process.off('warning', warned);
  });

  liveIt('12,000 forged ICMP errors of the peer itself are one warning where nobody listens', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    await using socket = createSocket('udp4');
    await socket.connect(member.port, far.ipv4);
    await forge(socket.address().port, 3, 3, 0, member.port);
    await sleep(300);
    assert.deepEqual(
      warnings.map((warning) => (warning as NodeJS.ErrnoException).code),
      ['ECONNREFUSED'],
    );
    process.off('warning', warned);
  });
});
