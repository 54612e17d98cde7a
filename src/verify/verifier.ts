import type { Frame } from '../wire/frame.js';
import { NetworkLayer, networkLayer } from '../wire/link-layer.js';
import { mismatch } from './findings.js';
import { Fragment } from './fragment.js';
import { Group } from './group.js';
import { HeaderValues } from './header-values.js';
import { checkIpv4, parseIpv4 } from './ipv4-packet.js';
import { checkIpv6, parseIpv6 } from './ipv6-packet.js';
import { type JudgeOptions, judgeGroup, type Observer } from './judge.js';
import { kernelOffset } from './octets.js';
import { Packet } from './packet.js';
import { DEFAULT_LIMITS, Reassembler, type ReassemblyLimits } from './reassemble.js';
import type { DatagramVerdict, VerifySummary } from './verdict.js';
import { newVerdict } from './verdict-builder.js';
import { wholeHeader } from './whole-header.js';

export interface VerifierOptions {
  /** SHA-256 of every payload in its verdict; costs more than all the rest. Default true. */
  readonly hash?: boolean;
  /** Accept UDP checksum 0 over IPv6 (RFC 6935). Default false. */
  readonly allowZeroChecksum6?: boolean;
  /** Verdicts carry what the packets said (`seen`), for a comparison with what was sent. Default false. */
  readonly sightings?: boolean;
  /** Looks at each complete datagram while its octets are there; returns what is wrong with it. */
  readonly observe?: Observer;
  readonly limits?: Partial<ReassemblyLimits>;
}

/** What came at the end of a capture. */
export interface CaptureEnd {
  /** Frames the capture lost, null where it cannot say. */
  readonly captureLost: number | null;
  /** Whether the capture broke off: a file cut in mid-record. */
  readonly truncated?: boolean;
}

const NO_VIEW = new DataView(new ArrayBuffer(0));

/**
 * Holds captured frames against the RFCs, datagram by datagram. Never throws on what frames contain. Frames are used only
 * during `push`, so that their buffer may then be used again.
 */
export class Verifier {
  readonly #options: JudgeOptions;
  readonly #reassembler: Reassembler;
  readonly #packet = new Packet();
  readonly #fragment = new Fragment();
  readonly #network = new NetworkLayer();
  readonly #keepsHeader: boolean;
  #frames = 0;
  #fragments = 0;
  #counts = { good: 0, bad: 0, incomplete: 0 };
  /** Frames of which the capture kept too little to tell what they are. */
  #unjudged = 0;
  #unknownLinktype: number | undefined;

  constructor({ hash = true, allowZeroChecksum6 = false, sightings = false, observe, limits }: VerifierOptions = {}) {
    this.#options = { hash, allowZeroChecksum6, sightings, observe };
    this.#keepsHeader = sightings || observe !== undefined;
    this.#reassembler = new Reassembler((group, view = NO_VIEW) => judgeGroup(group, view, 0, this.#options), {
      ...DEFAULT_LIMITS,
      ...limits,
    });
  }

  /** Two stretches of memory to read frames into, if there are such from which they are taken faster; valid until `end`. */
  get readBuffers(): readonly Uint8Array[] {
    return this.#reassembler.readBuffers;
  }

  /** Link type of a frame that could not be read for that reason. */
  get unknownLinktype(): number | undefined {
    return this.#unknownLinktype;
  }

  /** Takes frames in the order of capture; returns the verdicts that are final now, in the order of completion. */
  push(frames: readonly Frame[]): DatagramVerdict[] {
    for (const frame of frames) this.#frame(frame);
    this.#frames += frames.length;
    return this.#take();
  }

  /** Time passes without frames, in a live capture; `time` in seconds since the epoch. */
  advance(time: number): DatagramVerdict[] {
    this.#reassembler.advance(time);
    return this.#take();
  }

  /** Gives up what is incomplete; returns the remaining verdicts. */
  end(): DatagramVerdict[] {
    this.#reassembler.finish();
    return this.#take();
  }

  /** Counts over all verdicts handed out so far. */
  summary({ captureLost, truncated = false }: CaptureEnd): VerifySummary {
    const { good, bad, incomplete } = this.#counts;
    const datagrams = good + bad + incomplete;
    const unsure = incomplete > 0 || truncated || this.#unjudged > 0 || (captureLost ?? 0) > 0 || datagrams === 0;
    return {
      type: 'summary',
      frames: this.#frames,
      fragments: this.#fragments,
      datagrams,
      good,
      bad,
      incomplete,
      captureLost,
      verdict: bad > 0 ? 'bad' : unsure ? 'inconclusive' : 'good',
    };
  }

  #take(): DatagramVerdict[] {
    const out: DatagramVerdict[] = [];
    this.#reassembler.take(out);
    for (const { verdict } of out) this.#counts[verdict]++;
    return out;
  }

  #frame(frame: Frame): void {
    const packet = this.#packet;
    const network = this.#network;
    const start = frame.bytes.byteOffset + frame.offset;
    if (packet.view.buffer !== frame.bytes.buffer) {
      packet.view = new DataView(frame.bytes.buffer);
      packet.bytes = new Uint8Array(frame.bytes.buffer);
      this.#fragment.view = packet.view;
      this.#fragment.bytes = packet.bytes;
      this.#fragment.at = kernelOffset(packet.bytes);
    }
    if (!networkLayer(packet.view, start, frame.caplen, frame.linktype, network)) {
      if (network.why === 'linktype') this.#unknownLinktype = frame.linktype;
      if (network.why === 'truncated' && frame.caplen < frame.len) this.#unjudged++;
      return;
    }
    packet.link = start;
    packet.linktype = frame.linktype;
    packet.base = network.offset;
    packet.captured = network.len;
    packet.onWire = network.len + Math.max(0, frame.len - frame.caplen);
    // Frames without a time are of the time of those before them.
    if (frame.seconds !== 0 || frame.nanoseconds !== 0) packet.time = frame.seconds + frame.nanoseconds * 1e-9;
    this.#ip(network.family as 4 | 6);
  }

  #ip(family: 4 | 6): void {
    const packet = this.#packet;
    const fragment = this.#fragment;
    const kind = family === 4 ? parseIpv4(packet, fragment) : parseIpv6(packet, fragment);
    if (kind === 'other') return;
    if (kind === 'short') {
      this.#unjudged++;
      return;
    }
    fragment.time = packet.time;
    if (kind !== 'whole' && (fragment.more || fragment.offset > 0 || kind === 'atomic')) this.#fragments++;
    if (kind === 'fragment') {
      const group = this.#reassembler.groupOf(fragment);
      this.#check(family, group);
      this.#reassembler.place(group, fragment);
    } else if (kind === 'malformed') this.#malformed();
    else this.#single(family, kind === 'atomic');
  }

  #check(family: 4 | 6, group: Group): void {
    const packet = this.#packet;
    const fragment = this.#fragment;
    if (family === 4) checkIpv4(packet, fragment, group);
    else checkIpv6(packet, fragment, group);
    if (fragment.shortOnWire) {
      mismatch(
        group,
        `IP length got ${packet.headerLen + fragment.len}, want at most ${packet.onWire}, the frame's rest`,
      );
    }
    if (this.#options.sightings) {
      group.values ??= new HeaderValues();
      group.values.take(packet, family, fragment);
    }
    if (this.#keepsHeader && fragment.offset === 0 && group.header === undefined) {
      group.header = wholeHeader(packet, family, group.fragmented && family === 6);
    }
  }

  /** A datagram in one piece, or an atomic fragment, which is nobody's neighbour (RFC 6946). */
  #single(family: 4 | 6, atomic: boolean): void {
    const fragment = this.#fragment;
    const { data, len, captured } = fragment;
    const group = new Group(fragment);
    group.fragmented = atomic;
    group.fragments = atomic ? 1 : 0;
    group.seen = 1;
    group.sum = -1;
    group.total = len;
    group.extents.add(0, len);
    this.#check(family, group);
    if (captured < len) {
      group.cuts.push(captured, len);
      if (!fragment.shortOnWire) group.notes.push(`cut by the capture (snaplen): ${captured} of ${len} octets`);
    }
    this.#reassembler.add(judgeGroup(group, fragment.view, data, this.#options));
  }

  /** A UDP packet or fragment whose header cannot be used. */
  #malformed(): void {
    const { family, key, keyLen, ident, protocol, more, offset } = this.#fragment;
    const verdict = newVerdict(family, key.subarray(0, keyLen), ident, protocol);
    verdict.fragments = more || offset > 0 ? 1 : 0;
    verdict.complete = false;
    verdict.holes = [[0, null]];
    verdict.mismatches.push(this.#packet.fault);
    verdict.verdict = 'bad';
    this.#reassembler.add(verdict);
  }
}
