import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { UfoError } from '../../../src/errors.js';
import { partsOf, sliceOf } from '../../../src/socket/dgram/message.js';
import { FakeDevice, fakeSocket } from '../fake-device.js';

const text = (message: unknown): string => Buffer.concat(partsOf(message)).toString('latin1');
const words = Uint16Array.of(0x4142, 0x4344, 0x4546);

/** Whatever it stands for, by what dgram makes of it. */
const MESSAGES: readonly (readonly [what: string, message: unknown, octets: string])[] = [
  ['text, as UTF-8', 'wä', 'w\u00c3\u00a4'],
  ['no text', '', ''],
  ['a Buffer', Buffer.from('abc'), 'abc'],
  ['a Uint8Array inside a larger buffer', new Uint8Array(Buffer.from('xabcx')).subarray(1, 4), 'abc'],
  ['a Uint16Array', words, 'BADCFE'],
  ['a piece of a Uint16Array', words.subarray(1), 'DCFE'],
  ['a Float64Array', Float64Array.of(0), '\0'.repeat(8)],
  ['a DataView', new DataView(words.buffer, 1, 3), 'ADC'],
  ['a Uint8Array of another realm', runInNewContext('Uint8Array.of(104, 105)'), 'hi'],
  ['pieces of every kind', ['a', Buffer.from('b'), words, new DataView(words.buffer, 0, 1), ''], 'abBADCFEB'],
  ['no pieces', [], ''],
];
const NONE: readonly (readonly [message: unknown, argument: string])[] = [
  ...[undefined, null, 5, 5n, true, {}, Symbol('s'), () => {}, new ArrayBuffer(4), new Date()].map(
    (one) => [one, 'message'] as const,
  ),
  [['a', 5], 'message[1]'],
  [['a', undefined], 'message[1]'],
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tried
  [['a', , 'b'], 'message[1]'],
  [[['a']], 'message[0]'],
];

describe('a message', () => {
  for (const [what, message, octets] of MESSAGES) {
    it(`is made of ${what}`, () => assert.equal(text(message), octets));
  }

  it('is not copied where it is octets', () => {
    assert.equal(partsOf(words)[0]!.buffer, words.buffer);
  });

  for (const [message, argument] of NONE) {
    it(`is not ${String(argument)} ${typeof message === 'object' ? JSON.stringify(message) : String(message)}`, () => {
      assert.throws(() => partsOf(message), {
        name: 'TypeError',
        code: 'ERR_UFO_INVALID_ARGUMENT',
        argument,
        message: new RegExp(
          `^${argument.replace(/[[\]]/g, '\\$&')}: got .*, want a string, Buffer, TypedArray or DataView`,
        ),
      });
    });
  }

  it('is sliced by octets, also text and words', () => {
    assert.deepEqual([...sliceOf('wäre', 1, 2)], [0xc3, 0xa4]);
    assert.equal(Buffer.from(sliceOf(words, 2, 2)).toString(), 'DC');
    assert.equal(sliceOf('abc', 3, 0).length, 0);
    const range = { name: 'RangeError', code: 'ERR_UFO_INVALID_ARGUMENT' };
    assert.throws(() => sliceOf('abc', 4, 0), { ...range, message: 'offset: got 4, want 0 … 3 octets' });
    assert.throws(() => sliceOf('abc', 1, 3), { ...range, message: 'length: got 3, want 0 … 2 octets' });
    assert.throws(() => sliceOf('abc', -1, 1), range);
    assert.throws(() => sliceOf('abc', Number.NaN, 1), range);
    assert.throws(() => sliceOf('abc', '0', 1), { name: 'TypeError', argument: 'offset' });
    assert.throws(() => sliceOf(['abc'], 0, 1), { name: 'TypeError', argument: 'message' });
  });
});

describe('what a socket is given to send', () => {
  it('goes out as dgram would send it, in every way of sending', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device);
    await socket.send('hello');
    await socket.send(['a', 'bc', words]);
    await socket.sendMany(['x', words, new DataView(words.buffer, 0, 2)]);
    socket.cork();
    void socket.send('d');
    void socket.send(words);
    await socket.uncork();
    using pages = await socket.allocPages(4);
    pages.write('pä', 1);
    await socket.sendPages(pages).completed;
    const sent = device.seen.map(({ frame }) => Buffer.from(frame.subarray(28)).toString('latin1'));
    assert.deepEqual(sent.slice(0, 6), ['hello', 'abcBADCFE', 'x', 'BADCFE', 'BA', 'dBADCFE']);
    assert.equal(sent[6]!.slice(1), 'p\u00c3\u00a4');
  });

  it('is refused before anything of it is sent, and the refusal is a UfoError too', async () => {
    const device = new FakeDevice();
    await using socket = await fakeSocket(device);
    const type = { name: 'TypeError', code: 'ERR_UFO_INVALID_ARGUMENT' };
    await assert.rejects(socket.send(5 as never), (error) => error instanceof TypeError && error instanceof UfoError);
    await assert.rejects(socket.send(['a', 5] as never), { ...type, argument: 'message[1]' });
    await assert.rejects(socket.sendMany([5] as never), { ...type, argument: 'source' });
    await assert.rejects(socket.allocPages('5' as never), { ...type, argument: 'len' });
    await assert.rejects(socket.allocPages(0), { name: 'RangeError', argument: 'len' });
    assert.throws(() => socket.sendPages({} as never), { ...type, argument: 'pages' });
    using pages = await socket.allocPages(4);
    assert.throws(() => pages.write('five5'), { argument: 'octets' });
    assert.throws(() => pages.write('', 5), { name: 'RangeError', argument: 'offset' });
    assert.equal(device.seen.length, 0);
  });
});
