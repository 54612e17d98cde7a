import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startLiveVerify } from '../../src/app/verify/live.js';
import { CapLoop } from '../../src/capture/cap/loop.js';
import { ENGINES } from '../../src/capture/child/protocol.js';
import { LAB } from '../../src/host/lab.js';
import { lastErrno, libc } from '../../src/host/libc.js';
import { makePayload } from '../../src/payload/generated.js';
import { ip, udpUfo } from './capture-tools.js';
import { describeLive, liveIt } from './in-lab.js';

const TUNSETIFF = 0x4004_54ca;
const IFF_TUN_NO_PI = 0x1001;
const O_RDWR = 2;

/** A tun device that is up as long as its descriptor is open; what is sent into it waits for a reader. */
async function openTun(name: string, address: string): Promise<Disposable> {
  const fd = libc().open('/dev/net/tun', O_RDWR);
  assert.ok(fd >= 0, `open /dev/net/tun: errno ${lastErrno()}`);
  const ifreq = Buffer.alloc(4096); // struct ifreq { char name[16]; short flags }
  ifreq.write(name);
  ifreq.writeInt16LE(IFF_TUN_NO_PI, 16);
  assert.equal(libc().ioctl(fd, TUNSETIFF, ifreq), 0, `TUNSETIFF: errno ${lastErrno()}`);
  await ip('addr', 'add', `${address}/24`, 'dev', name);
  await ip('link', 'set', name, 'up');
  return { [Symbol.dispose]: () => void libc().close(fd) };
}

function send(address: string): Promise<void> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) =>
    socket.send(makePayload(20_000, 1, 0), 9, address, (error) => {
      socket.close();
      error ? reject(error) : resolve();
    }),
  );
}

describeLive('npm cap', () => {
  liveIt('lives on when the collector comes by after an interface could not be opened', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const sink = { start: () => {}, records: () => true, tick: () => true, finish: () => {} };
    const wrong = { interface: 'any', filter: 'no filter', bufferSize: 1 << 20 };
    await assert.rejects(new CapLoop(sink, () => {}).open(wrong), { code: 'ERR_UFO_INVALID_ARGUMENT' });
    for (let i = 0; i < 4; i++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
});

for (const engine of ENGINES)
  describeLive(`live verification by ${engine} on links that are no Ethernet`, () => {
    const judges = async (name: string, address: string): Promise<void> => {
      await using running = await startLiveVerify({ interface: name, engine, datagrams: 1 });
      await send(address);
      const verdicts = running.verdicts();
      const { value } = await verdicts.next();
      assert.equal(value.verdict, 'good', JSON.stringify(value));
    };

    liveIt('judges what goes into a tun device', async () => {
      using _tun = await openTun('tun9', '198.51.100.1');
      await judges('tun9', '198.51.100.2');
    });

    liveIt('judges what passes any interface', () => judges('any', LAB.far.ipv4));

    liveIt('judges what passes loopback', async () => {
      await ip('link', 'set', 'lo', 'up');
      await judges('lo', '127.0.0.1');
    });

    liveIt('writes pcapng on a tun device, which tells its name and losses', async () => {
      using _tun = await openTun('tun9', '198.51.100.1');
      const folder = mkdtempSync(join(tmpdir(), 'links-'));
      try {
        const path = join(folder, 'x.pcapng');
        const words = ['-i', 'tun9', '-w', path, '--filter', 'udp or ip[6:2] & 0x1fff != 0', '--count', '14'];
        const program = udpUfo('capture', ...words, '--engine', engine);
        await program.says(/capturing on tun9/);
        await send('198.51.100.2');
        assert.equal(await program.end(), 0, program.stderr);
        const read = udpUfo('verify', '-r', path, '--json');
        assert.equal(await read.end(), 0, read.stderr);
        const { datagrams, frames, captureLost } = read.lines.at(-1)!;
        assert.deepEqual([datagrams, frames, captureLost], [1, 14, 0]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
