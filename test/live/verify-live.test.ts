import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLiveVerify } from '../../src/app/verify/live.js';
import { ENGINES } from '../../src/capture/child/protocol.js';
import { Expectation } from '../../src/compare/expectation.js';
import { findInterface } from '../../src/host/interfaces.js';
import { LAB } from '../../src/host/lab.js';
import { libc } from '../../src/host/libc.js';
import { runTool } from '../../src/host/run-tool.js';
import { PagePool } from '../../src/memory/page-pool.js';
import { UserMemory } from '../../src/memory/user-memory.js';
import { parseMac } from '../../src/options/parse-address.js';
import { makePayload } from '../../src/payload/generated.js';
import { createFlow } from '../../src/skb/flow.js';
import { openPacketFd } from '../../src/tx/af-packet.js';
import { segmentFrames } from '../../src/ufo/segment-frames.js';
import * as ethernet from '../../src/wire/ethernet.js';
import { PcapReader } from '../../src/wire/pcap-reader.js';
import { captureChildren, FRAGMENTS, sendDatagrams, udpUfo } from './capture-tools.js';
import { describeLive, liveIt } from './in-lab.js';

/** Sends IPv6 datagrams behind a VLAN tag, cut by the software UFO stage. */
async function sendTagged(count: number): Promise<void> {
  const { ifindex, mac } = await findInterface(LAB.near.interface);
  const linkHeader = new Uint8Array(ethernet.HEADER_LEN + ethernet.TAG_LEN);
  ethernet.emit(new DataView(linkHeader.buffer), 0, {
    source: parseMac(mac!, 'mac'),
    destination: parseMac(LAB.far.mac, 'mac'),
    vlans: [{ tpid: ethernet.TPID_VLAN, tci: 7 }],
    etherType: ethernet.ETHERTYPE_IPV6,
  });
  const ends = { source: LAB.near.ipv6, destination: LAB.far.ipv6, sourcePort: 1111, destinationPort: 9 };
  const flow = createFlow({ ...ends, mtu: 1496, linkHeader });
  const pool = new PagePool(new UserMemory({ pages: 64 }));
  const fd = openPacketFd(ifindex, 1 << 20);
  for (let sequence = 0; sequence < count; sequence++)
    for (const { bytes } of segmentFrames(pool, flow, sequence + 1, makePayload(65_000, 1, sequence)))
      assert.equal(libc().send(fd, bytes, bytes.length, 0), bytes.length);
  libc().close(fd);
}

for (const engine of ENGINES)
  describeLive(`live verification by ${engine}`, () => {
    const by = ['--engine', engine];
    liveIt('judges what arrives at the far end, both families, until it has enough', async () => {
      const program = udpUfo('verify', ...by, '-i', LAB.far.interface, '--generated', '--count', '20', '--json');
      await program.says(/verifying on far0/);
      await sendDatagrams(10, LAB.far.ipv4);
      await sendDatagrams(10, LAB.far.ipv6);
      assert.equal(await program.end(), 0, program.stderr);
      const [summary, ...verdicts] = program.lines.reverse();
      assert.equal(summary?.['verdict'], 'good');
      assert.deepEqual([summary?.['datagrams'], summary?.['captureLost']], [20, 0]);
      for (const { verdict, payloadLen } of verdicts) assert.deepEqual([verdict, payloadLen], ['good', 65_507]);
    });

    liveIt('ends in order on Ctrl-C, with the verdicts so far and its summary', async () => {
      const program = udpUfo('verify', ...by, '-i', LAB.near.interface, '--host', LAB.far.ipv4);
      await program.says(/verifying/);
      await sendDatagrams(3, LAB.far.ipv4);
      program.interrupt();
      assert.equal(await program.end(), 0, program.stderr);
      assert.match(program.stdout, /^(good {7}.*45 fragments\n){3}good: 3 datagrams .* of 135 fragments in 135 frames/);
    });

    liveIt('tells only of datagrams of the port that was asked for', async () => {
      const program = udpUfo('verify', ...by, '-i', LAB.near.interface, '--port', '9', '--count', '1', '--json');
      await program.says(/verifying/);
      const other = createSocket('udp4');
      other.send(Buffer.alloc(3000), 4321, LAB.far.ipv4);
      await sendDatagrams(1, LAB.far.ipv4);
      assert.equal(await program.end(), 0, program.stderr);
      other.close();
      const verdicts = program.lines.slice(0, -1) as { udp: { destinationPort: number } }[];
      assert.deepEqual(
        verdicts.map(({ udp }) => udp.destinationPort),
        [9],
      );
    });

    liveIt('knows by the MTU that a packet is not one datagram of a wire', async () => {
      await assertJoined(1500);
      // The slots of cap's ring, a multiple of 16 octets, hold but 16 more than this one.
      await runTool('ip', ['link', 'set', LAB.near.interface, 'mtu', '1498']);
      await assertJoined(1498).finally(() => runTool('ip', ['link', 'set', LAB.near.interface, 'mtu', '1500']));
    });

    async function assertJoined(mtu: number): Promise<void> {
      const program = udpUfo('verify', ...by, '-i', LAB.near.interface, '--count', '1', '--json');
      await program.says(/verifying/);
      const gso = 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(17, 103, 1400)';
      spawnSync('python3', ['-c', `${gso}; s.sendto(bytes(7000), ("${LAB.far.ipv4}", 9))`]);
      // The slots of cap's ring are as large as the MTU: it has only the beginning.
      const isCut = engine === 'cap';
      assert.equal(await program.end(), isCut ? 4 : 0, program.stderr);
      assert.equal(program.lines[0]?.['verdict'], isCut ? 'incomplete' : 'offloaded');
      const note = isCut ? /cut by the capture/ : new RegExp(`more than the MTU of ${mtu}: at least 5`);
      assert.match(String(program.lines[0]?.['notes']), note);
    }

    liveIt('finds nothing conclusive where nothing came', async () => {
      const program = udpUfo(
        'verify',
        ...by,
        '-i',
        LAB.near.interface,
        '--filter',
        'udp port 1',
        '--duration',
        '200ms',
      );
      assert.equal(await program.end(), 4);
      assert.match(program.stdout, /^inconclusive: 0 datagrams/);
    });

    liveIt('is inconclusive, and not bad, where the capture lost frames', async () => {
      await using running = await startLiveVerify({
        engine,
        interface: LAB.near.interface,
        hosts: [LAB.far.ipv4],
        bufferSize: 1 << 20,
      });
      const [child] = captureChildren();
      process.kill(child!, 'SIGSTOP');
      await sendDatagrams(40, LAB.far.ipv4);
      process.kill(child!, 'SIGCONT');
      running.stop();
      const verdicts = running.verdicts();
      let next = await verdicts.next();
      while (!next.done) next = await verdicts.next();
      const summary = next.value;
      assert.equal(summary.verdict, 'inconclusive');
      assert.ok(summary.captureLost! > 0);
      assert.ok(summary.good > 0, 'those before the ring was full are whole');
      assert.equal(summary.frames + summary.captureLost!, 40 * FRAGMENTS);
    });

    liveIt('reads fragments behind a VLAN tag, and keeps every frame in a file', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'verify-live-'));
      try {
        const write = join(folder, 'out.pcap');
        await using running = await startLiveVerify({
          engine,
          interface: LAB.far.interface,
          hosts: [LAB.near.ipv6],
          datagrams: 2,
          expect: new Expectation([], { generated: 'running' }),
          write,
        });
        await sendTagged(2);
        const verdicts = running.verdicts();
        for (let i = 0; i < 2; i++) assert.equal((await verdicts.next()).value.verdict, 'good');
        const { value, done } = await verdicts.next();
        assert.deepEqual([done, value.verdict], [true, 'good']);
        const frames = new PcapReader().push(readFileSync(write));
        assert.equal(frames.length, 2 * FRAGMENTS);
        assert.equal(frames[0]!.caplen, 14 + 4 + 1496, 'the tag is in the frame');
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    liveIt('captures on the far host by its interface name alone', async () => {
      const program = udpUfo(
        'capture',
        ...by,
        '-i',
        LAB.far.interface,
        '--filter',
        'ip proto 17',
        '--count',
        '90',
        '--json',
      );
      await program.says(/capturing on far0/);
      await sendDatagrams(3, LAB.far.ipv4);
      assert.equal(await program.end(), 0, program.stderr);
      const frames = program.lines.slice(0, -1);
      assert.deepEqual([frames.length, program.lines.at(-1)?.['captureLost']], [90, 0]);
      assert.equal(frames.filter(({ fragOff }) => fragOff === 0).length, 2);
    });
  });

describeLive('live verification', () => {
  liveIt('does not take an unwritable file, and says which', async () => {
    const program = udpUfo('verify', '-i', LAB.near.interface, '-w', '/nonexistent/out.pcap');
    assert.equal(await program.end(), 2, program.stderr);
    assert.match(program.stderr, /open ENOENT \/nonexistent\/out\.pcap/);
  });
});
