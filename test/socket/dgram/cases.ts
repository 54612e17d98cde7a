import assert from 'node:assert/strict';
import type { Socket, SocketOptions } from 'node:dgram';
import dns from 'node:dns';
import { EventEmitter, once } from 'node:events';

/** Makes a socket, dgram's or ours, which both are used as dgram's. */
export type Make = (options: SocketOptions['type'] | SocketOptions, onMessage?: (payload: Buffer) => void) => Socket;

/** What a program sees of one part of dgram's API. The key is the row's first cell in README. */
export const CASES: Readonly<Record<string, (make: Make) => Promise<unknown>>> = {
  '`createSocket(type, onMessage)`': async (make) => {
    const heard: string[] = [];
    const bound = await listen(make('udp4', (payload) => heard.push(payload.toString())));
    const sender = make('udp4');
    await sent(sender, 'hi', bound.address().port, '127.0.0.1');
    await until(() => heard.length > 0);
    await closed(bound, sender);
    return [heard, bound instanceof EventEmitter];
  },

  '`createSocket(options, onMessage)`': async (make) => {
    const first = await listen(make({ type: 'udp4', reuseAddr: true, recvBufferSize: 20_000 }));
    const { port } = first.address();
    const second = await listen(make({ type: 'udp4', reuseAddr: true }), port);
    const refused = await failure(make('udp4'), port);
    const only6 = await listen(make({ type: 'udp6', ipv6Only: true }), 0);
    const beside = await listen(make({ type: 'udp4' }), only6.address().port);
    const dual = await listen(make('udp6'));
    const taken = await failure(make('udp4'), dual.address().port);
    const size = first.getRecvBufferSize();
    await closed(first, second, only6, beside, dual);
    return [refused, taken, size, thrown(() => make('udp5' as never)), thrown(() => make(undefined as never))];
  },

  '`lookup`': async (make) => {
    const asked: unknown[] = [];
    const lookup = (
      host: string,
      family: unknown,
      done: (error: Error | null, address: string, family: number) => void,
    ) => {
      asked.push([host, family]);
      setImmediate(done, null, '127.0.0.1', 4);
    };
    const socket = await listen(make({ type: 'udp4', lookup: lookup as never }));
    await sent(socket, 'x', socket.address().port, 'some.where');
    await closed(socket);
    const fails = make({
      type: 'udp4',
      lookup: ((_host: string, _family: unknown, done: (error: Error) => void) =>
        done(Object.assign(new Error('none'), { code: 'ENOTFOUND' }))) as never,
    });
    const failed = once(fails, 'error').then(([{ code }]) => code);
    fails.bind(0, 'no.where');
    const code = await failed;
    await closed(fails);
    const late = make({
      type: 'udp4',
      lookup: ((_host: string, _family: unknown, done: (error: Error) => void) =>
        setTimeout(done, 20, new Error('too late'))) as never,
    });
    let told = 0;
    late.on('error', () => {
      told += 1;
    });
    late.bind(0, 'no.where', () => {
      told += 1;
    });
    await closed(late);
    const original = dns.lookup;
    dns.lookup = ((_host: string, _family: unknown, done: (error: null, address: string, family: 4) => void) =>
      setImmediate(done, null, '127.0.0.1', 4)) as never;
    const replaced = await listen(make('udp4'), 0, 'some.where').finally(() => {
      dns.lookup = original;
    });
    const { address } = replaced.address();
    await closed(replaced);
    await new Promise((resolve) => setTimeout(resolve, 40));
    return [asked, code, told, address, thrown(() => make({ type: 'udp4', lookup: 5 as never }))];
  },

  '`signal`': async (make) => {
    const controller = new AbortController();
    const socket = await listen(make({ type: 'udp4', signal: controller.signal }));
    const gone = once(socket, 'close', LIMIT());
    controller.abort();
    await gone;
    const late = make({ type: 'udp4', signal: AbortSignal.abort() });
    await once(late, 'close', LIMIT());
    return thrown(() => socket.send('x', 9, () => {}), true);
  },

  '`bind([port][, address][, callback])`': async (make) => {
    const socket = make('udp4');
    const order: string[] = [];
    socket.on('listening', () => order.push('event'));
    const same = await new Promise<boolean>((resolve) => {
      const back = socket.bind(0, '127.0.0.1', () => {
        order.push('callback');
        resolve(back === socket);
      });
    });
    const again = thrown(() => socket.bind(0, () => {}), true);
    const named = await listen(make('udp4'), 0, 'localhost');
    const where = [socket.address().address, named.address().address, socket.address().port > 0];
    const wild = await listen(make('udp6'));
    await closed(socket, named, wild);
    return [order, same, again, where, wild.listenerCount('listening')];
  },

  '`bind({ port, address, exclusive }[, callback])`': async (make) => {
    const socket = make('udp4');
    await new Promise<void>((resolve) => socket.bind({ port: 0, address: '127.0.0.1', exclusive: true }, resolve));
    const { address, family } = socket.address();
    await closed(socket);
    return [address, family];
  },

  '`address()`': async (make) => {
    const socket = make('udp6');
    const unbound = thrown(() => socket.address(), true);
    await listen(socket, 0, '::1');
    const { port, ...rest } = socket.address();
    await closed(socket);
    return [unbound, rest, port > 0, thrown(() => socket.address(), true) !== null];
  },

  '`connect(port[, address][, callback])`': async (make) => {
    const heard: string[] = [];
    const peer = await listen(
      make('udp4', (payload) => heard.push(payload.toString())),
      0,
      '127.0.0.1',
    );
    const other = await listen(make('udp4'), 0, '127.0.0.1');
    const got: string[] = [];
    const socket = make('udp4', (payload) => got.push(payload.toString()));
    const order: string[] = [];
    socket.on('connect', () => order.push('event'));
    await new Promise<void>((resolve) => {
      socket.connect(peer.address().port, () => {
        order.push('callback');
        resolve();
      });
    });
    const again = thrown(() => socket.connect(peer.address().port, () => {}), true);
    const { address, family } = socket.remoteAddress();
    const local = socket.address().address;
    await sent(other, 'foreign', socket.address().port, '127.0.0.1');
    await sent(peer, 'own', socket.address().port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.send('to the peer', () => resolve()));
    const withPort = thrown(() => socket.send('x', 0, 1, 9, '127.0.0.1', () => {}), true);
    await until(() => heard.length > 0 && got.length > 0);
    await closed(peer, other, socket);
    return [order, again, address, family, local, heard, got, withPort];
  },

  '`disconnect()`, `remoteAddress()`': async (make) => {
    const peer = await listen(make('udp4'), 0, '127.0.0.1');
    const socket = make('udp4');
    const before = [thrown(() => socket.remoteAddress(), true), thrown(() => socket.disconnect(), true)];
    await new Promise<void>((resolve) => socket.connect(peer.address().port, '127.0.0.1', () => resolve()));
    const right = socket.remoteAddress().port === peer.address().port;
    socket.disconnect();
    const after = [thrown(() => socket.remoteAddress(), true), thrown(() => socket.disconnect(), true)];
    await new Promise<void>((resolve) => socket.connect(peer.address().port, () => resolve()));
    await closed(peer, socket);
    return [before, right, after];
  },

  '`send(msg, …)`': async (make) => {
    const heard: string[] = [];
    const bound = await listen(make('udp4', (payload) => heard.push(payload.toString('latin1'))));
    const { port } = bound.address();
    const socket = make('udp4');
    const lengths: unknown[] = [];
    const say = (...args: unknown[]): Promise<void> =>
      new Promise((resolve) => {
        (socket.send as (...all: unknown[]) => void)(...args, (error: Error | null, octets: number) => {
          lengths.push([error, octets]);
          resolve();
        });
      });
    const words = Uint16Array.of(0x4142, 0x4344);
    await say('text', port);
    await say('wä', port, '127.0.0.1');
    await say(Buffer.from('a buffer'), 2, 3, port);
    await say('sliced', 1, 2, port, 'localhost');
    await say([Buffer.from('a'), 'bc', words], port);
    await say(words, port, '');
    await say(new DataView(words.buffer, 1, 2), port, undefined);
    await say([], port);
    await say('', port);
    await say('numeric text', String(port));
    await until(() => heard.length === 10);
    await closed(bound, socket);
    return [heard, lengths];
  },

  '`send`, what it refuses': async (make) => {
    const socket = make('udp4');
    const never = () => {};
    const calls: unknown[][] = [
      [5, 9],
      [null, 9],
      [{}, 9],
      [['a', 5], 9],
      [new ArrayBuffer(2), 9],
      ['x', 0],
      ['x', -1],
      ['x', 65_536],
      ['x', 1.5],
      ['x', Number.NaN],
      ['x', 'port'],
      ['x'],
      ['x', 9, 5],
      ['x', 9, {}],
      ['abc', 4, 0, 9, 'localhost'],
      ['abc', 0, 4, 9, 'localhost'],
    ];
    const refused = calls.map((args) => thrown(() => (socket.send as (...all: unknown[]) => void)(...args, never)));
    await closed(socket);
    return refused;
  },

  '`send`, what fails later': async (make) => {
    const socket = make({
      type: 'udp4',
      lookup: ((_host: string, _family: unknown, done: (error: Error) => void) =>
        setImmediate(done, Object.assign(new Error('none'), { code: 'ENOTFOUND' }))) as never,
    });
    await closed(socket);
    const long = make('udp4');
    const tooLong = await new Promise<NodeJS.ErrnoException>((resolve) => {
      long.send(Buffer.alloc(65_508), 9, '127.0.0.1', (error) => resolve(error as NodeJS.ErrnoException));
    });
    const { code, syscall, address, port } = tooLong as unknown as Record<string, unknown>;
    await closed(long);
    return [thrown(() => socket.send('x', 9, () => {}), true), code, syscall, address, port];
  },

  '`close([callback])`': async (make) => {
    const socket = await listen(make('udp4'));
    const order: string[] = [];
    socket.on('close', () => order.push('event'));
    const same = await new Promise<boolean>((resolve) => {
      const back = socket.close(() => {
        order.push('callback');
        setImmediate(() => resolve(back === socket));
      });
    });
    const unbound = make('udp4');
    await closed(unbound);
    const freed = await listen(make('udp4'));
    const { port } = freed.address();
    freed.close('no function' as never);
    const next = await listen(make('udp4'), port);
    let heard = 0;
    next.on('message', () => {
      heard += 1;
      if (heard === 1) next.close();
    });
    for (let i = 0; i < 5; i++) next.send('x', port, '127.0.0.1');
    await once(next, 'close', LIMIT());
    const setters = thrown(() => socket.setBroadcast(true)) !== null;
    return [order, same, heard, setters, thrown(() => socket.send('x', 9, () => {}), true)];
  },

  '`[Symbol.asyncDispose]()`': async (make) => {
    const socket = await listen(make('udp4'));
    const gone = once(socket, 'close', LIMIT());
    await (socket as unknown as AsyncDisposable)[Symbol.asyncDispose]();
    await gone;
    return true;
  },

  '`ref()`, `unref()`': async (make) => {
    const socket = await listen(make('udp4'));
    const same = socket.ref() === socket && socket.unref() === socket;
    await closed(socket);
    return same;
  },

  '`setTTL(ttl)`': async (make) => {
    const socket = await listen(make('udp4'));
    const back = [socket.setTTL(1), socket.setTTL(255)];
    const refused = ['x', null, undefined].map((one) => thrown(() => socket.setTTL(one as never)));
    const beyond = [0, 256, 1000].map((one) => thrown(() => socket.setTTL(one)) !== null);
    await closed(socket);
    return [back, refused, beyond];
  },

  '`setMulticastTTL(ttl)`': async (make) => {
    const socket = await listen(make('udp4'));
    const back = [socket.setMulticastTTL(1), socket.setMulticastTTL(255)];
    const refused = ['x', null].map((one) => thrown(() => socket.setMulticastTTL(one as never)));
    const beyond = thrown(() => socket.setMulticastTTL(256)) !== null;
    await closed(socket);
    return [back, refused, beyond];
  },

  '`setMulticastLoopback(on)`': async (make) => {
    const heard: string[] = [];
    const member = await listen(make('udp4', (payload) => heard.push(payload.toString())));
    member.addMembership(GROUP, '127.0.0.1');
    const { port } = member.address();
    const sender = await listen(make('udp4'), 0, '127.0.0.1');
    sender.setMulticastInterface('127.0.0.1');
    const back = [sender.setMulticastLoopback(false)];
    await sent(sender, 'not for this host', port, GROUP);
    back.push(sender.setMulticastLoopback(true));
    await sent(sender, 'for all', port, GROUP);
    await until(() => heard.includes('for all'));
    await closed(member, sender);
    return back;
  },

  '`setMulticastInterface(address)`': async (make) => {
    const socket = await listen(make('udp4'));
    const refused = [5, null, undefined].map((one) => thrown(() => socket.setMulticastInterface(one as never)));
    const strange = ['203.0.113.77', 'none of these', ''].map(
      (one) => thrown(() => socket.setMulticastInterface(one)) !== null,
    );
    const fine = thrown(() => socket.setMulticastInterface('0.0.0.0'));
    await closed(socket);
    return [refused, strange, fine];
  },

  '`addMembership(group[, address])`, `dropMembership`': async (make) => {
    const heard: string[] = [];
    const member = await listen(make('udp4', (payload) => heard.push(payload.toString())));
    const { port } = member.address();
    const sender = await listen(make('udp4'), 0, '127.0.0.1');
    sender.setMulticastInterface('127.0.0.1');
    member.addMembership(GROUP, '127.0.0.1');
    const twice = thrown(() => member.addMembership(GROUP, '127.0.0.1')) !== null;
    await sent(sender, 'in the group', port, GROUP);
    await until(() => heard.length === 1);
    member.dropMembership(GROUP, '127.0.0.1');
    const notIn = thrown(() => member.dropMembership(GROUP, '127.0.0.1'), true);
    const noGroup = thrown(() => member.addMembership('192.0.2.1'), true);
    const none = thrown(() => member.addMembership(undefined as never)) !== null;
    await closed(member, sender);
    return [heard, twice, notIn, noGroup, none];
  },

  '`addSourceSpecificMembership(source, group[, address])`, `dropSourceSpecificMembership`': async (make) => {
    const heard: string[] = [];
    const member = await listen(make('udp4', (payload) => heard.push(payload.toString())));
    const { port } = member.address();
    const sender = await listen(make('udp4'), 0, '127.0.0.1');
    sender.setMulticastInterface('127.0.0.1');
    member.addSourceSpecificMembership('127.0.0.1', '232.1.1.1', '127.0.0.1');
    await sent(sender, 'from that source', port, '232.1.1.1');
    await until(() => heard.length === 1);
    member.dropSourceSpecificMembership('127.0.0.1', '232.1.1.1', '127.0.0.1');
    const notIn = thrown(() => member.dropSourceSpecificMembership('127.0.0.1', '232.1.1.1', '127.0.0.1'), true);
    await closed(member, sender);
    return [heard, notIn];
  },

  '`setBroadcast(on)`': async (make) => {
    const socket = await listen(make('udp4'));
    const code = await new Promise((resolve) => {
      socket.send('x', 9, '127.255.255.255', (error) => resolve((error as NodeJS.ErrnoException | null)?.code));
    });
    socket.setBroadcast(true);
    const fine = await new Promise((resolve) => socket.send('x', 9, '127.255.255.255', resolve));
    await closed(socket);
    return [code, fine];
  },

  '`getRecvBufferSize()`, `setRecvBufferSize(size)`': async (make) => {
    const socket = await listen(make('udp4'));
    socket.setRecvBufferSize(10_000);
    const size = socket.getRecvBufferSize();
    const refused = ['x', -1, 1.5, Number.NaN].map(
      (one) => thrown(() => socket.setRecvBufferSize(one as never)) !== null,
    );
    await closed(socket);
    return [size, refused];
  },

  '`getSendBufferSize()`, `setSendBufferSize(size)`': async (make) => {
    const socket = await listen(make('udp4'));
    socket.setSendBufferSize(10_000);
    const refused = ['x', -1, 1.5].map((one) => thrown(() => socket.setSendBufferSize(one as never)) !== null);
    const set = socket.getSendBufferSize() >= 10_000;
    await closed(socket);
    return [set, refused];
  },

  '`getSendQueueSize()`, `getSendQueueCount()`': async (make) => {
    const socket = await listen(make('udp4'));
    const before = [socket.getSendQueueSize(), socket.getSendQueueCount()];
    await sent(socket, 'hello', socket.address().port, '127.0.0.1');
    const after = [socket.getSendQueueSize(), socket.getSendQueueCount()];
    await closed(socket);
    return [before, after];
  },

  "`'error'`": async (make) => {
    const first = await listen(make('udp4'));
    const second = make('udp4');
    const failed = once(second, 'error', LIMIT());
    second.bind(first.address().port);
    const [{ code, syscall }] = (await failed) as [NodeJS.ErrnoException];
    await closed(first, second);
    return [code, syscall];
  },

  "`'message'`": async (make) => {
    const bound = await listen(make('udp6'), 0, '::1');
    const message = once(bound, 'message', LIMIT());
    const sender = await listen(make('udp6'), 0, '::1');
    await sent(sender, Buffer.alloc(20_000, 'm'), bound.address().port, '::1');
    const [payload, from] = (await message) as [
      Buffer,
      { port: number; address: string; family: string; size: number },
    ];
    const right = from.port === sender.address().port;
    await closed(bound, sender);
    return [payload.length, Buffer.isBuffer(payload), right, from.address, from.family, from.size];
  },
};

const GROUP = '239.1.2.3';
const LIMIT = () => ({ signal: AbortSignal.timeout(10_000) });

async function listen(socket: Socket, port = 0, address?: string): Promise<Socket> {
  const listening = once(socket, 'listening', LIMIT());
  if (address === undefined) socket.bind(port);
  else socket.bind(port, address);
  await listening;
  return socket;
}

/** The code of what binding fails with. */
async function failure(socket: Socket, port: number): Promise<unknown> {
  const failed = once(socket, 'error', LIMIT());
  socket.bind(port);
  const [error] = (await failed) as [NodeJS.ErrnoException];
  await closed(socket);
  return error.code;
}

function sent(socket: Socket, message: string | Buffer, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, port, address, (error) => (error ? reject(error) : resolve()));
  });
}

async function closed(...sockets: Socket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => void socket.close(resolve))));
}

/** The class of what a call throws, and its code where both have the same; null where it throws nothing. */
function thrown(call: () => unknown, withCode = false): unknown {
  try {
    call();
    return null;
  } catch (error) {
    assert.ok(error instanceof Error);
    const { code } = error as NodeJS.ErrnoException;
    return withCode
      ? code
      : error instanceof TypeError || error instanceof RangeError
        ? 'refused'
        : error.constructor.name;
  }
}

async function until(done: () => boolean): Promise<void> {
  for (let left = 1000; !done(); left--) {
    assert.ok(left > 0, 'it has not come within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
