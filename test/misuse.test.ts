import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import * as library from '../src/index.js';

type OfSocket =
  | 'send'
  | 'sendMany'
  | 'sendFile'
  | 'sendPages'
  | 'allocPages'
  | 'bind'
  | 'connect'
  | 'path'
  | 'close'
  | 'idle';
type Member = OfSocket | 'add' | 'take' | 'result' | 'setTTL' | 'setRecvBufferSize' | 'sent';
/** Whatever somebody without types takes it for. */
type Untyped = AsyncIterable<unknown> & ((...words: unknown[]) => Untyped) & { readonly [name in Member]: Untyped };
type Called =
  | 'capture'
  | 'countingIdents'
  | 'encodePcap'
  | 'parseRewriting'
  | 'createIdentSource'
  | 'createPacer'
  | 'createSocket'
  | 'plan'
  | 'segment'
  | 'sendFrames'
  | 'verify';

const untyped = library as unknown as Readonly<Record<Called, Untyped>>;
const {
  parseRewriting,
  encodePcap,
  capture,
  countingIdents,
  createIdentSource,
  createPacer,
  createSocket,
  plan,
  segment,
  sendFrames,
  verify,
} = untyped;

const socket = createSocket({ type: 'udp4', driver: 'kernel-udp' });
after(() => socket.close());

const ends = { source: { address: '192.0.2.1', port: 1 }, destination: { address: '192.0.2.2', port: 2 } };

const ends6 = { source: { address: '2001:db8::1', port: 1 }, destination: { address: '2001:db8::2', port: 2 } };
const payload = new Uint8Array(3000);
const pcap = { type: 'udp4', driver: 'pcap-file', file: '/dev/null' } as const;
const to = { port: 9, address: '192.0.2.2' };

/** A socket that is made of `more` sends something. */
async function sentOnce(
  more: object,
  send = (by: library.UfoSocket): Promise<unknown> => by.send(payload, to),
): Promise<void> {
  await using by = library.createSocket({ ...pcap, ...more } as library.SocketOptions);
  await by.bind(1, '192.0.2.1');
  await send(by);
}

const streamed = (more: object): Promise<void> => sentOnce(more, (by) => by.sendMany([payload], to));

async function drained(...words: unknown[]): Promise<void> {
  for await (const one of verify(...words)) assert.ok(one);
}

const frames = [...library.segment({ ...ends, payload: new Uint8Array(5) })];
const format = library.pcapFormat(library.LINKTYPE_RAW);
type Made = new (...words: unknown[]) => Untyped;
const { Expectation, FrameExpectation } = library as unknown as Readonly<
  Record<'Expectation' | 'FrameExpectation', Made>
>;
const told = { length: 5 };

/** What is wrong of each call, by the name that its caller knows it by. */
const CALLS: readonly (readonly [argument: string, call: () => unknown])[] = [
  ['options', () => createSocket()],
  ['type', () => createSocket({})],
  ['typ', () => createSocket({ typ: 'udp4' })],
  ['signal', () => createSocket({ type: 'udp4', signal: {} })],
  ['message', () => socket.send()],
  ['message', () => socket.send(null, 9)],
  ['port', () => socket.send('x', 'abc')],
  ['adress', () => socket.send('x', { port: 9, adress: '192.0.2.2' })],
  ['signal', () => socket.send('x', { port: 9, signal: {} })],
  ['ident', () => socket.send('x', { port: 9, ident: 'a' })],
  ['port', () => socket.bind('x')],
  ['port', () => socket.connect()],
  ['address', () => socket.connect(9, 5)],
  ['ttl', () => socket.setTTL('a')],
  ['size', () => socket.setRecvBufferSize('a')],
  ['source', () => socket.sendMany(5, { port: 9 })],
  ['source', () => socket.sendMany(new Uint8Array(4), { port: 9 })],
  ['to', () => socket.sendMany([], 5)],
  ['pcaer', () => socket.sendMany([], { port: 9, pcaer: null })],
  ['plan', () => socket.send('x', { port: 9, plan: 'reverse' })],
  ['plan', () => socket.sendPages({}, { port: 9, plan: {} })],
  ['pacer', () => socket.sendMany([], { port: 9, pacer: 5 })],
  ['pacer', () => socket.sendMany([], { port: 9, pacer: {} })],
  ['onDatagram', () => socket.sendMany([], { port: 9, onDatagram: 5 })],
  ['onStopped', () => socket.sendMany([], { port: 9, onStopped: {} })],
  ['counts', () => socket.sendMany([], { port: 9, counts: 5 })],
  ['counts', () => socket.sendMany([], { port: 9, counts: { datagrams: 0, fragments: 0, octets: 0, failed: 0 } })],
  ['flows', () => socket.sendMany([], { port: 9, flows: 5 })],
  ['flows.ends', () => socket.sendMany([], { port: 9, flows: {} })],
  ['flows.ends', () => socket.sendMany([], { port: 9, flows: { ends: [] } })],
  ['flows.ends[0]', () => socket.sendMany([], { port: 9, flows: { ends: [5] } })],
  ['flows.ends[1].adress', () => socket.sendMany([], { port: 9, flows: { ends: [{}, { adress: '192.0.2.2' }] } })],
  ['flows.off', () => socket.sendMany([], { port: 9, flows: { ends: [{}], off: null } })],
  ['flows.of', () => socket.sendMany([], { port: 9, flows: { ends: [{}], of: 5 } })],
  ['flows.of', () => socket.sendMany(['x'], { port: 9, flows: { ends: [{}, {}], of: () => 2 } })],
  ['flows.of', () => socket.sendMany(['x'], { port: 9, flows: { ends: [{}], of: () => Number.NaN } })],
  ['flows.of', () => socket.sendMany(['x'], { port: 9, flows: { ends: [{}, {}], of: () => '1' } })],
  ['flows.counts', () => socket.sendMany([], { port: 9, flows: { ends: [{}], counts: [0] } })],
  ['flows.counts', () => socket.sendMany([], { port: 9, flows: { ends: [{}, {}], counts: new Float64Array(1) } })],
  ['onProgress', () => socket.sendFile('x', { port: 9, datagramSize: 5, onProgress: 5 })],
  ['signal', () => socket.connect(9, '127.0.0.1', { signal: 5 })],
  ['signal', () => socket.allocPages(10, { signal: 5 })],
  ['options', () => socket.allocPages(10, null)],
  ['sgnal', () => socket.allocPages(10, { sgnal: 5 })],
  ['signal', () => socket.idle({ signal: 5 })],
  ['options', () => socket.idle(null)],
  ['ident', () => socket.send('x', { port: 9, ident: 4242 })],
  ['ident', () => socket.sendMany(['x'], { port: 9, ident: 4242 })],
  ['ident', async () => socket.sendPages(await socket.allocPages(1), { port: 9, ident: 4242 }).sent],
  ['options', () => socket.sendFile('x')],
  ['file', () => socket.sendFile(5, { datagramSize: 5 })],
  ['datagramSize', () => socket.sendFile('x', {})],
  ['len', () => socket.allocPages('x')],
  ['pages', () => socket.sendPages({}).sent],
  ['to', () => socket.path('x')],
  ['options', () => createPacer()],
  ['rate', () => createPacer({ rate: 'x' })],
  ['rate', () => createPacer({ rate: '5' })],
  ['gap', () => createPacer({ gap: '5' })],
  ['unit', () => createPacer({ rate: 5, unit: 'foo' })],
  ['clock', () => createPacer({ rate: 5, clock: 5 })],
  ['rte', () => createPacer({ rte: 5 })],
  ['first', () => countingIdents()],
  ['first', () => countingIdents(0)],
  ['first', () => countingIdents(-1)],
  ['first', () => countingIdents(1.5)],
  ['first', () => countingIdents('5')],
  ['share.index', () => createIdentSource({ count: 1 })],
  ['share.count', () => createIdentSource({})],
  ['share', () => createIdentSource(5)],
  ['keys', () => createIdentSource({ index: 0, count: 1 }, [1, 2])],
  ['idents', () => createSocket({ type: 'udp4', idents: { next4: () => 5 } })],
  ['options', () => segment()],
  ['source', () => segment({})],
  ['destination', () => segment({ source: ends.source })],
  ['payload', () => segment({ ...ends, payload: 5 })],
  ['tll', () => segment({ ...ends, payload, tll: 4 })],
  ...[0, 70_000, -1, 1.5, Number.NaN, 'x', null].map(
    (ident) => ['ident', () => segment({ ...ends, payload, ident })] as const,
  ),
  ...[0, 2 ** 33 + 5, 2 ** 32].map((ident) => ['ident', () => segment({ ...ends6, payload, ident })] as const),
  ['plan', () => segment({ ...ends, payload, plan: 'reverse' })],
  ['plan', () => segment({ ...ends, payload, plan: { text: 'reverse' } })],
  ['plan: what apply returned', () => segment({ ...ends, payload, plan: { text: 'x', apply: () => 5 } })],
  ['plan: fragment 0', () => segment({ ...ends, payload, plan: { text: 'x', apply: () => [null] } })],
  ['source', () => segment({ ...ends, payload, source: { address: 5, port: 1 } })],
  ['destinationPort', () => segment({ ...ends, payload, destination: { address: '192.0.2.2', port: '9' } })],
  ['mtu', () => segment({ ...ends, payload, mtu: '1500' })],
  ['options', () => segment({ ...ends, payload, options: 'abcd' })],
  ['extensionHeaders', () => segment({ ...ends6, payload, extensionHeaders: {} })],
  ['extensionHeaders', () => segment({ ...ends6, payload, extensionHeaders: [null] })],
  ['extensionHeaders', () => segment({ ...ends6, payload, extensionHeaders: [{ octets: new Uint8Array(8) }] })],
  ['linkHeader', () => segment({ ...ends, payload, linkHeader: 'abc' })],
  ['dontFragment', () => segment({ ...ends, payload, dontFragment: 'false' })],
  ['checksum', () => segment({ ...ends, payload, checksum: 0 })],
  ['idents', () => createSocket({ ...pcap, type: 'udp6', idents: { next4: () => 1 } })],
  ['idents', () => createSocket({ ...pcap, idents: { next6: () => 1 } })],
  ['idents', () => sentOnce({ idents: { next4: () => 70_000 } })],
  ['idents', () => streamed({ idents: { next4: () => Number.NaN } })],
  ...[70_000, -1, 1.5, '5'].map(
    (tci) => ['vlans', () => createSocket({ ...pcap, vlans: [{ tpid: 0x8100, tci }] })] as const,
  ),
  ...['x', 5, 0x1_8100, undefined].map(
    (tpid) => ['vlans', () => createSocket({ ...pcap, vlans: [{ tpid, tci: 5 }] })] as const,
  ),
  ['source', () => drained(undefined)],
  ['source', () => drained(5)],
  ['source', () => drained(frames)],
  ['source', () => drained(['abc'])],
  ['options', () => drained([frames], null)],
  ['hsh', () => drained([frames], { hsh: false })],
  ['hash', () => drained([frames], { hash: 5 })],
  ['signal', () => drained([frames], { signal: 5 })],
  ['expect', () => drained([frames], { expect: 5 })],
  ['expected', () => new Expectation(5)],
  ['expected', () => new Expectation([5])],
  ['payload', () => new Expectation([{}])],
  ['payload', () => new Expectation().add({ ident: 5 })],
  ['payload.lngth', () => new Expectation([{ payload: { ...told, lngth: 5 } }])],
  ['payload', () => new Expectation([{ payload: { ...told, sha256: '00' } }])],
  ['destinationPrt', () => new Expectation([{ destinationPrt: 9999, payload: told }])],
  ['destination', () => new Expectation([{ destination: '192.000.002.002', payload: told }])],
  ['source', () => new Expectation([{ source: 'a.host.example', payload: told }])],
  ['ident', () => new Expectation([{ ident: null, payload: told }])],
  ['headers.tll', () => new Expectation([{ headers: { tll: 5 }, payload: told }])],
  ['headers', () => new Expectation([{ headers: { options: '0A' }, payload: told }])],
  ['strct', () => new Expectation([], { strct: true })],
  ['generated', () => new Expectation([], { generated: true })],
  ['owns', () => new Expectation([], { owns: true })],
  ['options', () => new Expectation([], null)],
  ['verdict', () => new Expectation().take(5)],
  ['end', () => new Expectation().result()],
  ['sameLnk', () => new FrameExpectation({ sameLnk: true })],
  ['frame', () => new FrameExpectation().add(5)],
  ['frame', () => new FrameExpectation().take({})],
  ['end', () => new FrameExpectation().result()],
  ['frames', () => encodePcap(5, format)],
  ['frames[0]', () => encodePcap([5], format)],
  ['format', () => encodePcap(frames)],
  ['rewrite', () => parseRewriting(5)],
  ['rewrite', () => parseRewriting('x')],
  ['options', () => capture()],
  ['interface', () => capture({ interface: 5 })],
  ['signal', () => capture({ interface: 'lo', signal: {} })],
  ['fltr', () => capture({ interface: 'lo', fltr: 'ip' })],
  ['filter', () => capture({ interface: 'lo', filter: 5 })],
  ['filter', () => capture({ interface: 'lo', filter: ['ip'] })],
  ['filter', () => capture({ interface: 'lo', filter: null })],
  ['bufferSize', () => capture({ interface: 'lo', bufferSize: '64M' })],
  ['bufferSize', () => capture({ interface: 'lo', bufferSize: -1 })],
  ['bufferSize', () => capture({ interface: 'lo', bufferSize: 0 })],
  ['bufferSize', () => capture({ interface: 'lo', bufferSize: 1e12 })],
  ['bufferSize', () => capture({ interface: 'lo', bufferSize: null })],
  ['direction', () => capture({ interface: 'lo', direction: 'inout' })],
  ['direction', () => capture({ interface: 'lo', direction: null })],
  ['engine', () => capture({ interface: 'lo', engine: 'foo' })],
  ['plan', () => plan()],
  ['options', () => sendFrames([])],
  ['frames', () => sendFrames(5, { interface: 'lo' })],
  ['frames[0]', () => sendFrames([5], { interface: 'lo' })],
  ['foo', () => sendFrames([], { interface: 'lo', foo: 5 })],
  ['signal', () => sendFrames([], { interface: 'lo', signal: 5 })],
  ['onFrame', () => sendFrames([], { interface: 'lo', onFrame: 5 })],
  ['pacer', () => sendFrames([], { interface: 'lo', pacer: 5 })],
  ['timing', () => sendFrames([], { interface: 'lo', timing: 'x' })],
  ['rewrite', () => sendFrames([], { interface: 'lo', rewrite: 5 })],
  ['rewrite.sorce', () => sendFrames([], { interface: 'lo', rewrite: { sorce: frames[0]?.bytes } })],
];

describe('what can be no number', () => {
  it('is a TypeError where it is one, too', async () => {
    for (const call of [
      () => socket.send('x', { port: 9, plan: 5 }),
      () => socket.sendMany([], { port: 9, pacer: 5 }),
      () => capture({ interface: 5 }),
      () => capture({ interface: 'lo', fltr: 5 }),
      () => drained([frames], { hash: 5 }),
      () => parseRewriting(5),
    ])
      await assert.rejects(async () => call(), TypeError, String(call));
  });
});

describe('misuse is told by the argument, and never comes out of the middle', () => {
  for (const [argument, call] of CALLS) {
    it(`${argument}: ${call.toString().replace('() => ', '')}`, async () => {
      await assert.rejects(
        async () => call(),
        (error: library.UfoError) => {
          assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
          assert.deepEqual([error.code, error.argument], ['ERR_UFO_INVALID_ARGUMENT', argument]);
          assert.ok(error.message.startsWith(`${argument}: got `), error.message);
          return true;
        },
      );
    });
  }
});
