import type { CaptureChildArguments } from '../../capture/child/protocol.js';
import { writeFully } from '../../capture/child/write-fully.js';
import { type LoopStats, RECORD_FORMAT, type RecordSink } from '../../capture/record-sink.js';
import { unsupportedError } from '../../errors.js';
import { LinkWatch } from '../../tx/link-watch.js';
import type { DatagramVerdict } from '../../verify/verdict.js';
import { Verifier } from '../../verify/verifier.js';
import { linktypeName } from '../../wire/link-layer.js';
import { PcapRecords } from '../../wire/pcap-records.js';
import { ofPort } from '../verify/select.js';

/** Octets of lines that are kept for one write. */
const BATCH_LEN = 64 * 1024;
/** A completed datagram's verdict waits so long for leftovers of it, seconds: live, nobody wants to wait for 30. */
const HOLD_SECONDS = 0.5;

/** Reassembles and verifies in the capture process, so that verdicts cross the process border and frames do not. */
export class VerdictSink implements RecordSink {
  readonly #verifier: Verifier;
  #file: RecordSink | null;
  /** What the file could not take: the verdicts so far are told first. */
  #failure: unknown;
  readonly #wanted: number;
  #format = new PcapRecords(RECORD_FORMAT);
  #lines = '';
  /** Whether nothing came since the last tick. */
  #still = true;

  constructor(told: CaptureChildArguments, file: RecordSink | null) {
    const { interface: name, hash, tellGood = true, sightings, allowZeroChecksum6, datagrams, strict, port } = told;
    const link = new LinkWatch(name, 0);
    const select = ofPort({ port });
    this.#verifier = new Verifier({
      mtu: () => link.mtu(),
      hash: hash ?? false,
      tellGood,
      limits: { holdTime: HOLD_SECONDS },
      ...(sightings && { sightings }),
      ...(allowZeroChecksum6 && { allowZeroChecksum6 }),
      ...(strict && { strict }),
      ...(select && { select }),
      ...(datagrams !== undefined && { datagrams }),
    });
    this.#wanted = datagrams ?? Number.POSITIVE_INFINITY;
    this.#file = file;
  }

  start(linktype: number): void {
    if (linktypeName(linktype) === undefined)
      throw unsupportedError(`link type ${linktype} of this interface cannot be read`);
    this.#format = new PcapRecords({ ...RECORD_FORMAT, linktype });
    this.#toFile((file) => file.start(linktype));
  }

  records(octets: Buffer, frames: number): boolean {
    this.#still = false;
    this.#toFile((file) => file.records(octets, frames));
    this.#say(this.#verifier.pushRuns([{ format: this.#format, bytes: octets, at: 0, end: octets.length, frames }]));
    return this.#more();
  }

  tick(nowMs: number): boolean {
    this.#toFile((file) => file.tick(nowMs));
    this.#say(this.#verifier.advance(nowMs / 1000, this.#still));
    this.#still = true;
    this.#flush();
    return this.#more();
  }

  finish(stats: LoopStats): void {
    // Having judged as many as were asked for, what is still in progress is nobody's concern.
    if (this.#verifier.judged < this.#wanted) this.#say(this.#verifier.end());
    this.#lines += `${JSON.stringify(this.#verifier.summary({ captureLost: stats.lost }))}\n`;
    this.#flush();
    this.#toFile((file) => file.finish(stats));
    if (this.#failure !== undefined) throw this.#failure;
  }

  #more(): boolean {
    return this.#verifier.judged < this.#wanted && this.#failure === undefined;
  }

  #toFile(work: (file: RecordSink) => void): void {
    if (this.#file === null) return;
    try {
      work(this.#file);
    } catch (error) {
      this.#file = null;
      this.#failure = error;
    }
  }

  #say(verdicts: readonly DatagramVerdict[]): void {
    for (const verdict of verdicts) this.#lines += `${JSON.stringify(verdict)}\n`;
    if (this.#lines.length > BATCH_LEN) this.#flush();
  }

  #flush(): void {
    const octets = Buffer.from(this.#lines);
    this.#lines = '';
    writeFully(1, octets, 'the verdicts');
  }
}
