import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { UfoError } from '../../src/errors.js';
import { makePayload } from '../../src/payload/generated.js';
import { createPacer } from '../../src/socket/pacing.js';
import { UfoSocket } from '../../src/socket/socket.js';
import { FakeDevice, fakeSocket, turns } from './fake-device.js';

const POOL = 64;
const closed = { code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' };

describe('user pages and their completion', () => {
  it('may be rewritten after completion, be disposed of before, and are gone only then', async () => {
    const device = new FakeDevice({ holds: true });
    await using socket = await fakeSocket(device, { poolPages: POOL });
    const pages = await socket.allocPages(10_000);
    pages.write(makePayload(10_000, 1, 1));
    const { sent, completed } = socket.sendPages(pages);
    pages[Symbol.dispose](); // long before a path is known, let alone an skb built
    pages[Symbol.dispose]();
    const other = await socket.allocPages(69_632);
    other.write(new Uint8Array(other.len).fill(0xee));
    await sent;
    let done = false;
    void completed.then(() => {
      done = true;
    });
    await turns(2);
    assert.equal(done, false, 'the device has not let go yet');
    device.complete();
    assert.deepEqual(await completed, { zerocopy: true });
    const payload = Buffer.concat(device.seen.map(({ frame }, i) => frame.subarray(i === 0 ? 28 : 20)));
    assert.ok(payload.equals(makePayload(10_000, 1, 1)));
    await assert.rejects(socket.sendPages(pages).sent, { code: 'ERR_UFO_DISPOSED' });
  });

  it('complete with false where the device copies, the send fails, the pages are wrong, or the socket is closed', async () => {
    const copying = await fakeSocket(new FakeDevice({ zerocopy: false }));
    const pages = await copying.allocPages(100);
    assert.deepEqual(await copying.sendPages(pages).completed, { zerocopy: false });
    await using other = await fakeSocket(new FakeDevice());
    const wrong = other.sendPages(pages);
    await assert.rejects(wrong.sent, /pages of another socket/);
    assert.deepEqual(await wrong.completed, { zerocopy: false });
    await copying.close();
    const late = copying.sendPages(pages);
    await assert.rejects(late.sent, closed);
    assert.deepEqual(await late.completed, { zerocopy: false });
  });
});

describe('an AbortSignal', () => {
  it('takes back what is queued, and nothing else', async () => {
    const device = new FakeDevice();
    device.full = true;
    await using socket = await fakeSocket(device, { poolPages: POOL });
    const abort = new AbortController();
    const first = socket.send(makePayload(50, 1, 0), { signal: abort.signal });
    await turns(2); // its batch has started
    const own = await socket.allocPages(5000);
    const queued = socket.sendPages(own, { signal: abort.signal });
    const others = [1, 2].map((i) => socket.send(makePayload(50, 1, i)));
    const many = socket.sendMany([new Uint8Array(9), new Uint8Array(9)], { signal: abort.signal });
    await turns(2);
    abort.abort(new Error('no more'));
    await assert.rejects(queued.sent, /no more/);
    assert.deepEqual(await queued.completed, { zerocopy: false });
    device.open();
    await assert.rejects(many, /no more/);
    await Promise.all([first, ...others]);
    assert.equal(device.seen.length, 3);
  });

  it('ends every wait', async () => {
    const device = new FakeDevice();
    device.full = true;
    await using socket = await fakeSocket(device, { poolPages: 8, sendBufferSize: 4096 });
    const abort = new AbortController();
    const { signal } = abort;
    const first = socket.send(new Uint8Array(10));
    using _held = await socket.allocPages(7 * 4096);
    const waits = [
      socket.send(new Uint8Array(10), { signal }),
      socket.sendMany([new Uint8Array(10)], { signal }),
      socket.allocPages(1, { signal }),
      socket.idle({ signal }),
    ];
    await turns(2);
    abort.abort(new Error('enough'));
    for (const wait of waits) await assert.rejects(wait, /enough/);
    await assert.rejects(socket.connect(9, '192.0.2.3', { signal }), /enough/);
    await assert.rejects(socket.send(new Uint8Array(10), { signal }), /enough/);
    device.open();
    await first;
    await socket.idle();
  });

  it('keeps the ways to the last 4096 peers that were sent to, and no more', async () => {
    const device = new FakeDevice({ forgets: true });
    await using socket = await fakeSocket(device);
    let asked = 0;
    device.linkHeader = async () => {
      asked += 1;
      return new Uint8Array(0);
    };
    const send = (port: number) => socket.send(new Uint8Array(1), { address: '192.0.2.7', port });
    for (let port = 1; port <= 4096; port++) await send(port);
    await send(1); // the second is the oldest now
    await send(5000);
    assert.equal(asked, 4097);
    await send(1);
    assert.equal(asked, 4097);
    await send(2);
    assert.equal(asked, 4098);
  });

  it('ends the wait for a way that somebody else has asked for already', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device);
    let resolve!: (header: Uint8Array) => void;
    const header = new Promise<Uint8Array>((done) => {
      resolve = done;
    });
    device.linkHeader = () => header;
    const to = { address: '192.0.2.7', port: 9 };
    const first = socket.send(new Uint8Array(10), to);
    await turns(3);
    const abort = new AbortController();
    const second = socket.send(new Uint8Array(10), { ...to, signal: abort.signal });
    await turns(3);
    abort.abort(new Error('enough'));
    const late = turns(20).then(() => assert.fail('still waiting'));
    await assert.rejects(Promise.race([second, late]), /enough/);
    resolve(new Uint8Array(0));
    await first;
  });

  it('closes the socket that was made with it', async () => {
    const device = new FakeDevice();
    device.full = true;
    const abort = new AbortController();
    const socket = await fakeSocket(device, { signal: abort.signal, sendBufferSize: 4096 });
    const sent = socket.send(new Uint8Array(10));
    const waiting = socket.send(new Uint8Array(10));
    await turns(2);
    const gone = once(socket, 'close');
    abort.abort();
    await assert.rejects(waiting, closed);
    device.open();
    assert.equal((await sent).fragments, 1);
    await gone;
    assert.equal(device.closed, 1);
  });
});

describe('closing', () => {
  it('sends what was handed over, also what waits for room, then closes the device once', async () => {
    const device = new FakeDevice();
    const sends: Promise<unknown>[] = [];
    {
      await using socket = await fakeSocket(device, { sendBufferSize: 4096 });
      for (let i = 0; i < 100; i++) sends.push(socket.send(makePayload(100, 1, i)));
    }
    await Promise.all(sends);
    assert.equal(device.seen.length, 100);
    assert.equal(device.closed, 1);
  });

  it('refuses everything afterwards, and ends streams', async () => {
    const device = new FakeDevice();
    const socket = await fakeSocket(device);
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        await turns(1);
        yield new Uint8Array(10);
      }
    }
    const stream = socket.sendMany(endless());
    await turns(5);
    await Promise.all([socket.close(), socket.close()]);
    await assert.rejects(stream, (error: Error & { code: string; summary: { datagrams: number } }) => {
      return error.code === closed.code && error.summary.datagrams > 0;
    });
    await assert.rejects(socket.send(new Uint8Array(1)), closed);
    await assert.rejects(socket.sendMany([new Uint8Array(1)]), closed);
    await assert.rejects(socket.allocPages(1), closed);
    await assert.rejects(socket.connect(1, '192.0.2.2'), closed);
    await assert.rejects(socket.bind(), closed);
    await socket.close();
    assert.equal(device.closed, 1);
  });

  it('tells once that the port could not be given back, after the device is closed', async (test) => {
    const device = Object.assign(new FakeDevice(), { close: () => turns(3) });
    const socket = new UfoSocket({ type: 'udp4' }, async () => device);
    await socket.bind(0, '127.0.0.1');
    await socket.send(new Uint8Array(1), { port: 9 });
    const unheard = test.mock.fn();
    process.on('unhandledRejection', unheard);
    const close = test.mock.method(Socket.prototype, 'close', () => {
      throw new Error('not now');
    });
    await assert.rejects(socket.close(), /not now/);
    process.off('unhandledRejection', unheard);
    assert.equal(unheard.mock.callCount(), 0);
    const [port] = close.mock.calls;
    close.mock.restore();
    (port!.this as Socket).close();
  });
});

describe('failures nobody waits for', () => {
  const child = (body: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', body], { encoding: 'utf8', timeout: 60_000 });
  const index = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
  const misuse = (listening: boolean) => `import { createSocket } from ${index};
    const socket = createSocket({ type: 'udp4' });
    let told = 0;
    const all = new Promise((resolve) => {
      const count = () => void (++told === 7 && resolve());
      if (${listening}) socket.on('error', ({ code }) => console.log('event', code)).on('error', count);
      else process.on('warning', count);
    });`;
  const calls = `
    socket.send(new Uint8Array(1));
    socket.connect(9, '2001:db8::1');
    socket.sendMany([new Uint8Array(1)]);
    socket.sendFile('/no/such/file', { datagramSize: 1 });
    socket.allocPages(-1);
    socket.uncork();
    socket.bind(0, '2001:db8::1');
    await all;
    socket.send(new Uint8Array(1)).catch(({ code }) => console.log('caught', code));
    await socket.close();
    console.log('alive');`;

  it('are error events, and those somebody catches are not', () => {
    const { stdout, status } = child(`${misuse(true)} ${calls}`);
    const lines = stdout.trim().split('\n');
    assert.equal(lines.filter((line) => line.startsWith('event')).length, 7, stdout);
    assert.deepEqual(lines.slice(-2), ['caught ERR_UFO_INVALID_ARGUMENT', 'alive']);
    assert.equal(status, 0);
  });

  it('are warnings where nobody listens, and never end the process', () => {
    const { stdout, stderr, status } = child(`${misuse(false)} ${calls}`);
    assert.match(stdout, /alive/);
    assert.match(stderr, /want an address and a port/);
    assert.equal(status, 0);
  });

  it('unref lets the process end, a bound socket keeps it', () => {
    const bound = (more: string, ms: number) =>
      child(`import { createSocket } from ${index};
        const socket = createSocket({ type: 'udp4' })${more};
        await socket.bind(0, '127.0.0.1');
        setTimeout(() => { console.log('kept'); process.exit(0); }, ${ms}).unref();`);
    assert.equal(bound('', 400).stdout, 'kept\n');
    assert.equal(bound('.unref()', 10_000).stdout, '');
  });
});

describe('bind with a callback', () => {
  it('that failed does not call it when another one succeeds', async () => {
    await using socket = new UfoSocket({ type: 'udp4', driver: 'pcap-file', mtu: 1500 }, async () => new FakeDevice());
    const told: string[] = [];
    const failed = once(socket, 'error');
    socket.bind(1111, '2001:db8::1', () => told.push('the first'));
    assert.equal(((await failed) as [UfoError])[0].code, 'ERR_UFO_INVALID_ARGUMENT');
    socket.bind(1111, '192.0.2.1', () => told.push('the second'));
    await turns(3);
    assert.deepEqual(told, ['the second']);
  });
});

describe('a paced stream', () => {
  const never = { ready: () => new Promise<void>(() => {}) };
  const slow = { ready: (packets: number, bits: number, signal?: AbortSignal) => rate.ready(packets, bits, signal) };
  const rate = createPacer({ rate: 0.01 });

  for (const zerocopy of [false, true])
    for (const [which, pacer] of Object.entries({ never, slow })) {
      it(`ends with its socket, before close says so (${which}, zerocopy ${zerocopy})`, { timeout: 5000 }, async () => {
        const device = new FakeDevice({ zerocopy });
        const socket = await fakeSocket(device);
        const order: string[] = [];
        const payloads = Array.from({ length: 3 }, () => new Uint8Array(10));
        const stream = socket.sendMany(payloads, { pacer }).catch((error: UfoError) => order.push(error.code));
        await turns(3);
        await socket.close();
        order.push('closed');
        await stream;
        assert.deepEqual(order, ['ERR_SOCKET_DGRAM_NOT_RUNNING', 'closed']);
      });

      it(`ends with its signal (${which}, zerocopy ${zerocopy})`, { timeout: 5000 }, async () => {
        await using socket = await fakeSocket(new FakeDevice({ zerocopy }));
        const controller = new AbortController();
        const stream = socket.sendMany(['a', 'b', 'c'], { pacer, signal: controller.signal });
        setImmediate(() => controller.abort(new Error('enough')));
        await assert.rejects(stream, /enough/);
      });
    }

  it('does not keep close waiting for a source that gives nothing more', { timeout: 5000 }, async () => {
    const socket = await fakeSocket(new FakeDevice());
    async function* stuck() {
      yield 'a';
      await new Promise<void>(() => {});
    }
    void socket.sendMany(stuck());
    await turns(2);
    await socket.close();
  });
});

describe("aborting a socket's signal", () => {
  /** What became of so many sends that begin now. */
  const outcomes = (socket: UfoSocket, count: number): Promise<string[]> =>
    Promise.all(
      Array.from({ length: count }, () =>
        socket.send(new Uint8Array(65_507)).then(
          () => 'sent',
          (error: UfoError) => error.code,
        ),
      ),
    );

  it('stops what was handed over in the same turn', async () => {
    const controller = new AbortController();
    const device = new FakeDevice({ forgets: true });
    const socket = await fakeSocket(device, { signal: controller.signal });
    const sends = outcomes(socket, 200);
    controller.abort();
    assert.deepEqual(new Set(await sends), new Set(['ERR_SOCKET_DGRAM_NOT_RUNNING']));
    await socket.close();
    assert.equal(device.taken, 0);
  });

  it('stops what is queued or waits for room, and lets what has begun go', async () => {
    const controller = new AbortController();
    const device = new FakeDevice({ forgets: true });
    const socket = await fakeSocket(device, { signal: controller.signal });
    device.full = true;
    const sends = outcomes(socket, 200);
    await turns(5);
    controller.abort();
    await turns(2);
    device.open();
    const codes = await sends;
    await socket.close();
    const sent = codes.filter((code) => code === 'sent').length;
    assert.ok(sent > 0 && sent < 25, `${sent} of a batch went`);
    assert.ok(codes.slice(sent).every((code) => code === 'ERR_SOCKET_DGRAM_NOT_RUNNING'));
    assert.equal(device.taken, 45 * sent);
  });
});

describe('an ident that cannot be sent', () => {
  for (const zerocopy of [false, true])
    it(`fails its datagram, and nothing stays charged for it (zerocopy ${zerocopy})`, { timeout: 10_000 }, async () => {
      let ident = 0;
      const idents = { next4: () => ident, next6: () => ident };
      const device = new FakeDevice({ zerocopy });
      await using socket = await fakeSocket(device, { idents, sendBufferSize: 8192, poolPages: 24 });
      for (let i = 0; i < 20; i++) {
        await assert.rejects(socket.send(new Uint8Array(4000)), { argument: 'idents' });
        await assert.rejects(socket.sendMany([new Uint8Array(4000)]), { argument: 'idents' });
      }
      assert.equal(device.taken, 0);
      ident = 5;
      for (let i = 0; i < 5; i++) {
        await socket.send(new Uint8Array(4000));
        await socket.sendMany([new Uint8Array(4000)]);
      }
      assert.equal(device.taken, 30);
    });
});
