import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type FrameOptions, sendFrames } from '../../../src/socket/frames/send-frames.js';
import { segment } from '../../../src/ufo/segment-datagram.js';
import { CaptureReader } from '../../../src/wire/capture-reader.js';
import { type Frame, frameData } from '../../../src/wire/frame.js';
import { WAYS } from '../../faults/cut.js';

const linkHeader = Uint8Array.from(Buffer.from('0200000000020200000000010800', 'hex'));

describe('sending frames of one’s own', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'udp-ufo-frames-'));
  });
  after(() => rm(folder, { recursive: true }));

  for (const header of [linkHeader, undefined]) {
    it(`writes ${header ? 'Ethernet frames' : 'raw IP packets'} into a file as they are, and tells of each`, async () => {
      const frames = [...segment({ ...WAYS[4], payload: new Uint8Array(4000), ident: 7, linkHeader: header })];
      const file = join(folder, 'out.pcap');
      const told: Frame[] = [];
      const { frames: count } = await sendFrames(frames, {
        ...{ driver: 'pcap-file', file, rewrite: 'source-port=7' },
        onFrame: (frame) => told.push(frame),
      });
      const written = new CaptureReader().push(await readFile(file));
      assert.deepEqual([count, told.length, written.length], [frames.length, frames.length, frames.length]);
      assert.deepEqual(written.map(frameData).map(hex), told.map(frameData).map(hex));
      assert.equal(hex(frameData(written[0]!)).includes('0007270f'), true, 'the port is put in');
    });
  }

  it('counts the last one, with its octets', async () => {
    const [frame] = segment({ ...WAYS[4], payload: new Uint8Array(100) });
    const { frames, octets } = await sendFrames([frame!], { driver: 'pcap-file', file: join(folder, 'one.pcap') });
    assert.deepEqual([frames, octets], [1, 128]);
    await assert.rejects(sendFrames(5 as never, { driver: 'pcap-file', file: '/dev/null' }), {
      code: 'ERR_UFO_INVALID_ARGUMENT',
      message: /^frames: got 5, want an iterable of frames/,
    });
  });

  const wrong: readonly (readonly [string, FrameOptions, RegExp])[] = [
    [
      'a driver that makes headers',
      { driver: 'virtio-ufo' as never, interface: 'lo' },
      /^driver: got "virtio-ufo", want/,
    ],
    ['no interface', {}, /^interface: got undefined, want the interface to send by/],
    ['no file', { driver: 'pcap-file' }, /^file: got undefined, want the file to write/],
    [
      'no rewriting',
      { driver: 'pcap-file', file: '/dev/null', rewrite: 'ttl=3' },
      /^rewrite: got "ttl=3", want source=/,
    ],
  ];
  for (const [what, options, says] of wrong) {
    it(`refuses ${what} before anything is opened`, () =>
      assert.rejects(sendFrames([], options), { code: 'ERR_UFO_INVALID_ARGUMENT', message: says }));
  }
});

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
