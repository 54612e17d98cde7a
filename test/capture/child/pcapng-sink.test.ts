import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PcapngSink } from '../../../src/capture/child/pcapng-sink.js';
import { openFileCapture } from '../../../src/capture/file/engine.js';
import { LINKTYPE_ETHERNET } from '../../../src/wire/link-layer.js';

const SECONDS = 1_764_000_000;
/** More than one call takes, of every remainder by four. */
const LENGTHS = Array.from({ length: 300 }, (_, i) => 60 + ((i * 7) % 1455));

/** Records as an engine gives them. */
function recordsOf(lengths: readonly number[]): Buffer {
  return Buffer.concat(
    lengths.map((len, i) => {
      const record = Buffer.alloc(16 + len, i);
      for (const [word, value] of [SECONDS + i, 999_999_999 - i, len, len + 5].entries()) {
        record.writeUInt32LE(value, 4 * word);
      }
      return record;
    }),
  );
}

describe('a pcapng file of captured frames', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'udp-ufo-test-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function check(file: string, comments: boolean): Promise<void> {
    let at = 0;
    await using capture = await openFileCapture(file);
    for await (const frames of capture) {
      for (const { bytes, offset, caplen, len, seconds, nanoseconds, comment } of frames) {
        const want = LENGTHS[at]!;
        assert.deepEqual(
          { caplen, len, seconds, nanoseconds },
          {
            ...{ caplen: want, len: want + 5, seconds: SECONDS + at, nanoseconds: 999_999_999 - at },
          },
        );
        assert.ok(Buffer.alloc(want, at).equals(bytes.subarray(offset, offset + caplen)), `octets of frame ${at}`);
        assert.equal(comment, comments && at % 3 === 0 ? `frame of ${want}` : undefined);
        at += 1;
      }
    }
    assert.equal(at, LENGTHS.length);
  }

  for (const comments of [false, true]) {
    it(`holds every frame as it was, ${comments ? 'with' : 'without'} comments`, async () => {
      const file = join(folder, `${comments}.pcapng`);
      const fd = openSync(file, 'w');
      let frame = 0;
      const say = (_view: DataView, _offset: number, caplen: number) =>
        frame++ % 3 === 0 ? `frame of ${caplen}` : undefined;
      const sink = new PcapngSink(fd, file, 'far0', comments ? say : undefined);
      sink.start(LINKTYPE_ETHERNET);
      sink.records(recordsOf(LENGTHS));
      sink.finish({ received: LENGTHS.length, lost: 0 });
      closeSync(fd);
      await check(file, comments);
    });
  }

  it('loses nothing to a reader that is slow to take it', async () => {
    const file = join(folder, 'slow.pcapng');
    const reader = spawn('sh', ['-c', `sleep 0.2; exec cat >${file}`], { stdio: ['pipe', 'inherit', 'inherit'] });
    const closed = once(reader, 'close');
    const { fd } = (reader.stdin as unknown as { _handle: { fd: number } })._handle;
    const sink = new PcapngSink(fd, 'the pipe', 'far0');
    sink.start(LINKTYPE_ETHERNET);
    sink.records(recordsOf(LENGTHS));
    sink.finish({ received: LENGTHS.length, lost: 0 });
    reader.stdin.end();
    await closed;
    await check(file, false);
  });

  it('says the error of the system by its name', () => {
    const fd = openSync('/dev/full', 'w');
    const sink = new PcapngSink(fd, '/dev/full', 'far0');
    assert.throws(() => sink.records(recordsOf([60])), { code: 'ENOSPC', path: '/dev/full' });
    closeSync(fd);
  });
});
