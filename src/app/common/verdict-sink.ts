import { openSync, writeSync } from 'node:fs';
import type { CaptureChildArguments } from '../../capture/cap/child-protocol.js';
import { type ChildSink, PcapSink } from '../../capture/cap/child-sinks.js';
import type { CapLoopStats } from '../../capture/cap/loop.js';
import { ERRNO, systemError, unsupportedError } from '../../errors.js';
import type { DatagramVerdict } from '../../verify/verdict.js';
import { Verifier } from '../../verify/verifier.js';
import type { Frame } from '../../wire/frame.js';
import { linktypeName } from '../../wire/link-layer.js';
import { checkGenerated } from '../verify/file.js';

/** Octets of lines that are kept for one write. */
const BATCH_LEN = 64 * 1024;
/** A completed datagram's verdict waits so long for leftovers of it, seconds: live, nobody wants to wait for 30. */
const HOLD_SECONDS = 0.5;

/** Reassembles and verifies in the capture process, so that verdicts cross the process border and frames do not. */
export class VerdictSink implements ChildSink {
  readonly #verifier: Verifier;
  readonly #file: PcapSink | null;
  readonly #wanted: number;
  /** One frame, filled again and again: the verifier uses it during `push` only. */
  readonly #frame: { -readonly [K in keyof Frame]: Frame[K] };
  readonly #batch: readonly Frame[];
  #judged = 0;
  #lines = '';

  constructor({ hash, generated, allowZeroChecksum6, datagrams, writeFile }: CaptureChildArguments) {
    this.#verifier = new Verifier({
      hash: hash ?? true,
      limits: { holdTime: HOLD_SECONDS },
      ...(generated && { observe: checkGenerated }),
      ...(allowZeroChecksum6 && { allowZeroChecksum6 }),
    });
    this.#wanted = datagrams ?? Number.POSITIVE_INFINITY;
    this.#file = writeFile === undefined ? null : new PcapSink(openForWriting(writeFile));
    this.#frame = {
      bytes: Buffer.alloc(0),
      offset: 0,
      caplen: 0,
      len: 0,
      linktype: 0,
      seconds: 0,
      nanoseconds: 0,
    };
    this.#batch = [this.#frame];
  }

  start(linktype: number): void {
    if (linktypeName(linktype) === undefined)
      throw unsupportedError(`link type ${linktype} of this interface cannot be read`);
    this.#frame.linktype = linktype;
    this.#file?.start(linktype);
  }

  frame(bytes: Buffer, caplen: number, len: number, seconds: number, nanoseconds: number): boolean {
    this.#file?.frame(bytes, caplen, len, seconds, nanoseconds);
    const frame = this.#frame;
    frame.bytes = bytes;
    frame.caplen = caplen;
    frame.len = len;
    frame.seconds = seconds;
    frame.nanoseconds = nanoseconds;
    this.#say(this.#verifier.push(this.#batch));
    return this.#judged < this.#wanted;
  }

  tick(nowMs: number): boolean {
    this.#file?.tick();
    this.#say(this.#verifier.advance(nowMs / 1000));
    this.#flush();
    return this.#judged < this.#wanted;
  }

  finish({ lost }: CapLoopStats): void {
    // Having judged as many as were asked for, what is still in progress is nobody's concern.
    if (this.#judged < this.#wanted) this.#say(this.#verifier.end());
    this.#lines += `${JSON.stringify(this.#verifier.summary({ captureLost: lost }))}\n`;
    this.#flush();
    this.#file?.finish();
  }

  #say(verdicts: readonly DatagramVerdict[]): void {
    for (const verdict of verdicts) this.#lines += `${JSON.stringify(verdict)}\n`;
    this.#judged += verdicts.length;
    if (this.#lines.length > BATCH_LEN) this.#flush();
  }

  #flush(): void {
    const octets = Buffer.from(this.#lines);
    this.#lines = '';
    for (let from = 0; from < octets.length; ) from += writeSync(1, octets, from);
  }
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw systemError(-((error as NodeJS.ErrnoException).errno ?? -ERRNO.EIO), 'open', { path });
  }
}
