import { setTimeout as sleep } from 'node:timers/promises';
import { type LiveCapture, openCapture } from '../../capture/open-capture.js';
import type { PathInfo } from '../../socket/path/info.js';
import { createSocket, type UfoSocket } from '../../socket/socket.js';
import type { DriverName } from '../../tx/net-device.js';
import type { FragmentPlan } from '../../ufo/plan.js';
import type { Frame } from '../../wire/frame.js';
import { frameData } from '../../wire/frame.js';
import { NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import { parseArrival } from '../common/arrival.js';
import { CaptureOutput } from '../common/capture-output.js';
import { type IcmpAnswer, sight } from './icmp.js';

export interface ProberOptions {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  readonly driver: DriverName;
  readonly interface?: string | undefined;
  /** A pcap file that gets every frame of the conversation. */
  readonly pcap?: string | undefined;
  /** IPv4 options of everything sent. */
  readonly options?: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** A datagram that an echo sent back, or of which a report tells how it begins. */
export interface Echo {
  readonly at: number;
  readonly payload: Uint8Array;
}

/** What came back for one question. */
export interface Answer {
  /** Number of the first and the last frame sent, in the capture and in the pcap file; null where none was seen. */
  readonly frames: readonly [number, number] | null;
  readonly echoes: readonly Echo[];
  readonly icmp: readonly IcmpAnswer[];
}

/** How long a capture may take to hand over what was sent, milliseconds. */
const SIGHT_MS = 2000;
/** A capture that hands nothing over for so long has handed over all. */
const QUIET_MS = 300;
const LOOK_EVERY = 10;

/**
 * Asks one receiver by datagrams whose fragments are ours to make, and hears its echoes and ICMP errors; a capture on the
 * sending interface sees both sides and is the witness of what was really asked.
 */
export class Prober implements AsyncDisposable {
  readonly path: PathInfo;
  /** What answers is `receive --report`, and no echo. */
  reports = false;
  readonly #socket: UfoSocket;
  readonly #capture: LiveCapture;
  readonly #pcap: CaptureOutput | null;
  readonly #signal: AbortSignal;
  readonly #reading: Promise<void>;
  readonly #sent = new Map<number, { first: number; last: number; count: number }>();
  /** Packets sent under an ident; a plan may have given some another one. */
  readonly #expected = new Map<number, number>();
  readonly #icmp: IcmpAnswer[] = [];
  readonly #echoes: Echo[] = [];
  readonly #network = new NetworkLayer();
  #frames = 0;
  #ident = 0x2000 + Math.floor(Math.random() * 0x4000);

  private constructor(
    socket: UfoSocket,
    path: PathInfo,
    capture: LiveCapture,
    pcap: CaptureOutput | null,
    signal: AbortSignal,
  ) {
    this.#signal = signal;
    this.path = path;
    this.#socket = socket;
    this.#capture = capture;
    this.#pcap = pcap;
    socket.on('error', () => undefined); // ICMP errors are what we ask for; the capture tells them in full
    socket.on('message', (payload: Uint8Array) => this.#hear(payload));
    this.#reading = this.#read();
    this.#reading.catch(() => undefined); // told by `close`
  }

  /** @throws what opening the socket and the capture throw */
  static async open({ family, address, port, pcap, signal, ...how }: ProberOptions): Promise<Prober> {
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', ...how });
    try {
      await socket.connect(port, address);
      const path = await socket.path();
      const capture = await openCapture({ interface: path.interface, filter: `host ${path.destination}`, signal });
      return new Prober(
        socket,
        path,
        capture,
        pcap === undefined ? null : await CaptureOutput.open(pcap, capture.linktype, signal),
        signal,
      );
    } catch (error) {
      await socket.close();
      throw error;
    }
  }

  /** An identification that no other question of this run has. */
  nextIdent(): number {
    this.#ident = (this.#ident + 1) & 0xffff || 1;
    return this.#ident;
  }

  /** Sends a datagram under `ident`; how many packets it made. */
  async send(payload: Uint8Array, ident: number, plan?: FragmentPlan): Promise<number> {
    const { fragments } = await this.#socket.send(payload, { ident, plan });
    this.#expected.set(ident, fragments);
    return fragments;
  }

  /** Waits `ms` for answers, or until `enough` of them say so; then what came since `from` (`performance.now()`). */
  async answer(ident: number, from: number, ms: number, enough: (answer: Answer) => boolean): Promise<Answer> {
    for (const end = performance.now() + ms; performance.now() < end; await sleep(LOOK_EVERY)) {
      if (enough(this.#since(ident, from))) break;
    }
    await this.#seenAll(ident);
    return this.#since(ident, from);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket.close();
    await this.#capture.close();
    await this.#reading.catch((error: unknown) => {
      if (!this.#signal.aborted) throw error; // stopped on purpose, which whoever did so tells
    });
    await this.#pcap?.finish();
    await this.#pcap?.[Symbol.asyncDispose]();
  }

  /** Waits until the capture has handed over what was sent, or nothing more comes from it, for 2 s at most. */
  async #seenAll(ident: number): Promise<void> {
    const expected = this.#expected.get(ident) ?? 0;
    let before = -1;
    let quietSince = performance.now();
    for (const end = quietSince + SIGHT_MS; performance.now() < end; await sleep(LOOK_EVERY)) {
      if ((this.#sent.get(ident)?.count ?? 0) >= expected) return;
      if (this.#frames !== before) quietSince = performance.now();
      else if (performance.now() - quietSince > QUIET_MS) return;
      before = this.#frames;
    }
  }

  #since(ident: number, from: number): Answer {
    const sent = this.#sent.get(ident);
    return {
      frames: sent === undefined ? null : [sent.first, sent.last],
      echoes: this.#echoes.filter(({ at }) => at >= from),
      icmp: this.#icmp.filter(({ at }) => at >= from),
    };
  }

  async #read(): Promise<void> {
    for await (const frames of this.#capture) {
      await this.#pcap?.write(frames);
      for (const frame of frames) this.#see(frame);
    }
  }

  #hear(payload: Uint8Array): void {
    const arrival = parseArrival(payload);
    const octets = arrival === null ? payload : Buffer.from(arrival.head ?? '', 'hex');
    if (arrival?.head === undefined && arrival !== null) return; // of packets that did not make a datagram
    this.reports ||= arrival !== null;
    this.#echoes.push({ at: performance.now(), payload: octets });
  }

  #see(frame: Frame): void {
    const number = ++this.#frames;
    const octets = frameData(frame);
    const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    if (!networkLayer(view, 0, octets.length, frame.linktype, this.#network)) return;
    const { family, offset } = this.#network;
    const seen = family === 0 ? null : sight(Uint8Array.from(octets), offset, family);
    if (seen === null) return;
    if (seen.source === this.path.source) {
      if (seen.ident !== null) this.#note(seen.ident, number);
    } else if (seen.icmp !== null) this.#icmp.push({ ...seen.icmp, frame: number, at: performance.now() });
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
