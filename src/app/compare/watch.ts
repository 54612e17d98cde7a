import { setTimeout as sleep } from 'node:timers/promises';
import { type LiveCapture, openCapture, spawnPrefixFor } from '../../capture/open-capture.js';
import { type CutPacket, readPacket } from '../../compare/cuts/packet.js';
import { udpOffset, viewOf } from '../../faults/packet.js';
import { formatAddress } from '../../wire/address.js';
import { type Frame, frameData } from '../../wire/frame.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import * as udp from '../../wire/udp.js';
import type { CaptureOutput } from '../common/capture-output.js';

interface WatchOptions {
  readonly interface: string;
  readonly filter: string;
  /** Gets every frame. */
  readonly pcap: CaptureOutput | null;
  readonly signal: AbortSignal;
}

/** How long a mark, and what it overtook, may take to come, milliseconds. */
const MARK_WITHIN = 2000;
const QUIET = 200;
const LOOK_EVERY = 2;
const ICMPV6 = 58;

/**
 * Sees what leaves an interface. Behind every datagram a mark is sent, a small one of its own: when it has come, so has all
 * that left before it, whatever that was cut into.
 */
export class Watch implements AsyncDisposable {
  readonly #capture: LiveCapture;
  readonly #pcap: CaptureOutput | null;
  readonly #network = new NetworkLayer();
  readonly #reading: Promise<void>;
  /** Since the last `take`: what left before each mark, and behind the last one. */
  #slices: CutPacket[][] = [[]];
  /** Packets and marks. */
  #seen = 0;
  /** Of the sender that is watched just now. */
  #source = '';
  #port = 0;
  #markPort = 0;
  #failure: unknown;

  private constructor(capture: LiveCapture, pcap: CaptureOutput | null) {
    this.#capture = capture;
    this.#pcap = pcap;
    this.#reading = this.#read().catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** @throws what `openCapture` throws */
  static async open({ interface: name, filter, pcap, signal }: WatchOptions): Promise<Watch> {
    const capture = await openCapture({ interface: name, filter, signal, spawnPrefix: spawnPrefixFor(name) });
    return new Watch(capture, pcap);
  }

  /** From now on what comes from this address and port counts, fragments without ports too; marks have another port. */
  follow(source: string, port: number, markPort: number): void {
    this.#source = source;
    this.#port = port;
    this.#markPort = markPort;
    this.#slices = [[]];
  }

  /**
   * What left before each of the last `marks` marks; `enough`: each may be all of its datagram, and nothing needs to be waited
   * for.
   */
  async take(marks: number, enough: (slices: readonly (readonly CutPacket[])[]) => boolean): Promise<CutPacket[][]> {
    let quietSince = performance.now();
    let seen = -1;
    const closed = (): CutPacket[][] => this.#slices.slice(0, marks);
    for (const end = quietSince + MARK_WITHIN; performance.now() < end; await sleep(LOOK_EVERY)) {
      if (this.#failure !== undefined) throw this.#failure;
      const all = this.#slices.length > marks;
      if (all && enough(closed())) break;
      if (seen !== this.#seen) quietSince = performance.now();
      else if (all && performance.now() - quietSince > QUIET) break;
      seen = this.#seen;
    }
    const slices = closed();
    this.#slices = [[]];
    return slices;
  }

  /** Ends the capture; the frames it lost, null where it cannot say. */
  async finish(): Promise<number | null> {
    await this.#capture.close();
    await this.#reading;
    if (this.#failure !== undefined) throw this.#failure;
    return (await this.#capture.stats()).lost;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#capture.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (const frames of this.#capture) {
      await this.#pcap?.write(frames);
      for (const frame of frames) this.#take(frame);
    }
  }

  #take(frame: Frame): void {
    const octets = frameData(frame);
    const network = this.#network;
    if (!networkLayer(viewOf(octets), 0, octets.length, frame.linktype, network)) return;
    const packet = readPacket(octets.slice(network.offset));
    if (packet === null || !this.#isOurs(packet)) return;
    const at = udpOffset(packet);
    const port = at < 0 ? this.#port : udp.getSourcePort(viewOf(packet.payload), at);
    if (port !== this.#markPort && port !== this.#port) return;
    this.#seen += 1;
    if (port === this.#markPort) this.#slices.push([]);
    else this.#slices.at(-1)!.push(packet);
  }

  #isOurs({ family, header }: CutPacket): boolean {
    const at = family === 4 ? ipv4.SOURCE : ipv6.SOURCE;
    if (formatAddress(header, at, family) !== this.#source) return false;
    return family === 4
      ? ipv4.getProtocol(viewOf(header), 0) === udp.PROTOCOL
      : ipv6.getNextHeader(viewOf(header), 0) !== ICMPV6;
  }
}
