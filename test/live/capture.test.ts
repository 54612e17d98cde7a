import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach } from 'node:test';
import { ENGINES } from '../../src/capture/child/protocol.js';
import { udpFilter } from '../../src/capture/filter.js';
import { openCapture, spawnPrefixFor } from '../../src/capture/open-capture.js';
import { LAB } from '../../src/host/lab.js';
import { captureChildren, countFrames, FRAGMENTS, goes, ip, sendDatagrams } from './capture-tools.js';
import { describeLive, liveIt } from './in-lab.js';
import { watchFar } from './watch-far.js';

const far = { interface: LAB.far.interface, spawnPrefix: spawnPrefixFor(LAB.far.interface) };
const filter4 = udpFilter({ hosts: [LAB.far.ipv4] });

for (const engine of ENGINES)
  describeLive(`capture by ${engine}`, () => {
    afterEach(() => assert.deepEqual(captureChildren(), [], 'a capture process was left behind'));

    liveIt('is ready when it says so, and hands over at its end what the kernel has', async () => {
      for (let round = 0; round < 4; round++) {
        await using capture = await openCapture({ engine, interface: LAB.near.interface, filter: filter4 });
        await sendDatagrams(1, LAB.far.ipv4);
        const start = performance.now();
        await capture.close();
        assert.ok(performance.now() - start < 1500, 'closed late');
        assert.equal(await countFrames(capture), FRAGMENTS, `round ${round}`);
        assert.deepEqual(await capture.stats(), { received: FRAGMENTS, lost: 0 });
      }
    });

    for (const [family, address] of [
      [4, LAB.far.ipv4],
      [6, LAB.far.ipv6],
    ] as const)
      liveIt(`sees every one of 2,000 fragments of IPv${family} at both ends, as dumpcap does`, async () => {
        // 45 fragments each, 46 where a fragment header takes 8 octets of them
        const frames = family === 4 ? 45 * FRAGMENTS : 45 * 46;
        const filter = family === 4 ? 'ip proto 17' : 'ip6 proto 44';
        await using dumpcap = await watchFar(filter, frames);
        await using near = await openCapture({ engine, interface: LAB.near.interface, filter });
        await using captured = await openCapture({ engine, ...far, filter });
        const counts = Promise.all([countFrames(near), countFrames(captured)]);
        await sendDatagrams(45, address);
        await Promise.all([near.close(), captured.close()]);
        assert.deepEqual(await counts, [frames, frames]);
        assert.deepEqual(await captured.stats(), { received: frames, lost: 0 });
        assert.equal(await dumpcap.frames(), frames);
      });

    liveIt('stamps frames with the time of day, in order', async () => {
      await using capture = await openCapture({ engine, interface: LAB.near.interface, filter: filter4 });
      const before = Date.now() / 1000;
      await sendDatagrams(2, LAB.far.ipv4);
      await capture.close();
      let last = before - 0.01;
      for await (const batch of capture)
        for (const { seconds, nanoseconds } of batch) {
          assert.ok(seconds + nanoseconds / 1e9 >= last);
          last = seconds + nanoseconds / 1e9;
        }
      assert.ok(last <= Date.now() / 1000 + 0.01);
    });

    liveIt('tells the length on the wire of a frame longer than an IP packet, cut or not', async () => {
      await ip('link', 'set', 'lo', 'up');
      await using capture = await openCapture({ engine, interface: 'lo', filter: 'udp port 9' });
      await sendDatagrams(1, '127.0.0.1');
      await capture.close();
      for await (const [frame] of capture) {
        // cap's snaplen is fixed at 65,535; libpcap is asked for 262,144.
        assert.deepEqual([frame?.caplen, frame?.len], [engine === 'cap' ? 65_535 : 14 + 65_535, 14 + 65_535]);
        return;
      }
      assert.fail('no frame');
    });

    liveIt('counts what the kernel had no room for', async () => {
      await using capture = await openCapture({
        engine,
        interface: LAB.near.interface,
        filter: filter4,
        bufferSize: 1 << 20,
      });
      const [child] = captureChildren();
      process.kill(child!, 'SIGSTOP');
      await sendDatagrams(40, LAB.far.ipv4);
      process.kill(child!, 'SIGCONT');
      await capture.close();
      const { received, lost } = await capture.stats();
      assert.equal(received + lost!, 40 * FRAGMENTS);
      assert.ok(lost! > 0 && received > 0, `${received} received, ${lost} lost`);
      assert.equal(await countFrames(capture), received);
    });

    liveIt('fails when its process is killed, and does not hang', async () => {
      await using capture = await openCapture({ engine, interface: LAB.near.interface });
      process.kill(captureChildren()[0]!, 'SIGKILL');
      await assert.rejects(countFrames(capture), { code: 'ERR_UFO_CAPTURE_DIED', message: /SIGKILL/ });
      assert.equal((await capture.stats()).lost, null);
    });

    liveIt('fails when the interface goes down', async () => {
      await ip('link', 'add', 'down0', 'type', 'veth', 'peer', 'name', 'down1');
      try {
        await assert.rejects(openCapture({ engine, interface: 'down0' }), {
          code: 'ENETDOWN',
          hint: 'ip link set down0 up',
        });
        await ip('link', 'set', 'down0', 'up');
        await using capture = await openCapture({ engine, interface: 'down0' });
        await ip('link', 'set', 'down0', 'down');
        await assert.rejects(countFrames(capture), { code: 'ENETDOWN', path: 'down0' });
      } finally {
        await ip('link', 'del', 'down0');
      }
    });

    liveIt('dies with its parent', async () => {
      const url = new URL('../../src/index.js', import.meta.url).href;
      const script = `const { capture } = await import('${url}');
      await capture({ engine: '${engine}', interface: '${LAB.near.interface}' }); console.log('ready');`;
      const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(parent.stdout, 'data');
      const [child] = captureChildren(parent.pid);
      assert.ok(child);
      parent.kill('SIGKILL');
      assert.ok(await goes(child), 'the capture process outlived its parent');
    });

    liveIt('refuses a bad filter, an unknown interface, and to work without the privilege', async () => {
      const bad = openCapture({ engine, interface: LAB.near.interface, filter: 'udp porto 9' });
      await assert.rejects(bad, {
        code: 'ERR_UFO_INVALID_ARGUMENT',
        message: /^filter: got "udp porto 9".*syntax error/,
      });
      const unknown = openCapture({ engine, interface: 'nope0' });
      await assert.rejects(unknown, { code: 'ERR_UFO_INVALID_ARGUMENT', message: /one of .*near0/ });
      const powerless = openCapture({
        engine,
        interface: LAB.near.interface,
        spawnPrefix: ['setpriv', '--bounding-set=-net_raw'],
      });
      await assert.rejects(powerless, { code: 'EPERM', path: LAB.near.interface, hint: /setcap/ });
    });

    liveIt('gives no engine another name', async () => {
      await using capture = await openCapture({ engine, interface: LAB.near.interface });
      assert.equal(capture.engine, engine);
    });
  });

describeLive('capture by libpcap alone', () => {
  liveIt('stamps frames in nanoseconds by the clock of the kernel', async () => {
    await using capture = await openCapture({ engine: 'libpcap', interface: LAB.near.interface, filter: filter4 });
    await sendDatagrams(4, LAB.far.ipv4);
    await capture.close();
    const fractions: number[] = [];
    for await (const batch of capture) for (const { nanoseconds } of batch) fractions.push(nanoseconds % 1000);
    assert.equal(fractions.length, 4 * FRAGMENTS);
    assert.ok(
      fractions.some((fraction) => fraction !== 0),
      'microseconds only',
    );
  });

  liveIt('takes one direction only where asked to', async () => {
    const open = (direction: 'in' | 'out') =>
      openCapture({ engine: 'libpcap', interface: LAB.near.interface, filter: filter4, direction });
    await using incoming = await open('in');
    await using outgoing = await open('out');
    await sendDatagrams(2, LAB.far.ipv4);
    await Promise.all([incoming.close(), outgoing.close()]);
    assert.deepEqual([await countFrames(incoming), await countFrames(outgoing)], [0, 2 * FRAGMENTS]);
    await assert.rejects(openCapture({ engine: 'cap', interface: LAB.near.interface, direction: 'in' }), {
      code: 'ERR_UFO_UNSUPPORTED',
    });
  });

  liveIt('is what captures unless told otherwise', async () => {
    await using capture = await openCapture({ interface: LAB.near.interface });
    assert.equal(capture.engine, 'libpcap');
  });
});
