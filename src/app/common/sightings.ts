import { setTimeout as sleep } from 'node:timers/promises';
import { type LiveCapture, openCapture } from '../../capture/open-capture.js';
import type { PathInfo } from '../../socket/path/info.js';
import { type Frame, frameData } from '../../wire/frame.js';
import { NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import { CaptureOutput } from './capture-output.js';
import { type IcmpAnswer, sight } from './icmp-sighting.js';

/** How long a capture may take to hand over what was sent, milliseconds. */
const SIGHT_MS = 2000;
/** A capture that hands nothing over for so long has handed over all. */
const QUIET_MS = 300;
const LOOK_EVERY = 10;
/** Errors that are remembered, at least the half of it: hosts ration theirs, but nobody has to. */
const MOST_HEARD = 8192;
/** More than an earlier run has in a row, whose fragments a receiver may still hold (`conform --deep` asks 1,740 times). */
const LEAP = 0x800;
/** Of those that `nextIdent` gives. */
const LAST_IDENT = 0xffff;

/**
 * A capture on the sending interface: it sees both sides of a conversation, and is the witness of what was really asked. All
 * sockets of a run share one, so that a frame has one number, the same as in the pcap file.
 */
export class Sightings implements AsyncDisposable {
  /** What came last. */
  readonly icmp: IcmpAnswer[] = [];
  readonly #source: string;
  readonly #capture: LiveCapture;
  readonly #pcap: CaptureOutput | null;
  readonly #signal: AbortSignal;
  readonly #reading: Promise<void>;
  readonly #sent = new Map<number, { first: number; last: number; count: number }>();
  readonly #network = new NetworkLayer();
  #frames = 0;
  #ident = 0x2000 + Math.floor(Math.random() * 0x4000);

  private constructor(source: string, capture: LiveCapture, pcap: CaptureOutput | null, signal: AbortSignal) {
    this.#source = source;
    this.#capture = capture;
    this.#pcap = pcap;
    this.#signal = signal;
    this.#reading = this.#read();
    this.#reading.catch(() => undefined); // told by the disposal
  }

  /**
   * @param pcap a file that gets every frame of the conversation
   * @throws what opening a capture and a file throws
   */
  static async open(path: PathInfo, pcap: string | undefined, signal: AbortSignal): Promise<Sightings> {
    const filter = `host ${withoutZone(path.destination)}`;
    const capture = await openCapture({ interface: path.interface, filter, signal });
    try {
      const file = pcap === undefined ? null : await CaptureOutput.open(pcap, capture.linktype, signal);
      return new Sightings(withoutZone(path.source), capture, file, signal);
    } catch (error) {
      await capture.close();
      throw error;
    }
  }

  /** An identification that no other question of this run has. */
  nextIdent(): number {
    this.#ident = (this.#ident + 1) & LAST_IDENT || 1;
    return this.#ident;
  }

  /** Goes on beyond whatever another run may have used around here. */
  leapIdents(): void {
    this.#ident += LEAP;
  }

  /** Number of the first and the last frame sent under an ident; null where none was seen. */
  framesOf(ident: number): readonly [number, number] | null {
    const sent = this.#sent.get(ident);
    return sent === undefined ? null : [sent.first, sent.last];
  }

  /** Waits until the capture has handed over what was sent, or nothing more comes from it, for 2 s at most. */
  async seenAll(ident: number, packets: number): Promise<void> {
    let before = -1;
    let quietSince = performance.now();
    for (const end = quietSince + SIGHT_MS; performance.now() < end; await sleep(LOOK_EVERY)) {
      if ((this.#sent.get(ident)?.count ?? 0) >= packets) return;
      if (this.#frames !== before) quietSince = performance.now();
      else if (performance.now() - quietSince > QUIET_MS) return;
      before = this.#frames;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using pcap = this.#pcap; // put away even where the capture broke off
    await this.#capture.close();
    await this.#reading.catch((error: unknown) => {
      if (!this.#signal.aborted) throw error; // stopped on purpose, which whoever did so tells
    });
    await pcap?.finish();
  }

  async #read(): Promise<void> {
    for await (const frames of this.#capture) {
      await this.#pcap?.write(frames);
      for (const frame of frames) this.#see(frame);
    }
  }

  #see(frame: Frame): void {
    const number = ++this.#frames;
    const octets = frameData(frame);
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    if (!networkLayer(view, 0, octets.length, frame.linktype, this.#network)) return;
    const { family, offset } = this.#network;
    const seen = family === 0 ? null : sight(octets, offset, family);
    if (seen === null) return;
    if (seen.source === this.#source) {
      if (seen.ident !== null && seen.ident <= LAST_IDENT) this.#note(seen.ident, number);
    } else if (seen.icmp !== null) this.#hear({ ...seen.icmp, frame: number, at: performance.now() });
  }

  #hear(answer: IcmpAnswer): void {
    if (this.icmp.length >= MOST_HEARD) this.icmp.splice(0, MOST_HEARD / 2);
    this.icmp.push(answer);
  }

  #note(ident: number, frame: number): void {
    const sent = this.#sent.get(ident);
    if (sent === undefined) this.#sent.set(ident, { first: frame, last: frame, count: 1 });
    else {
      sent.last = frame;
      sent.count += 1;
    }
  }
}

function withoutZone(address: string): string {
  return address.replace(/%.*/, '');
}
