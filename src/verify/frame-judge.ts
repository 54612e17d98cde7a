import { mayHidePackets, unknownName } from '../wire/encapsulation.js';
import type { Frame } from '../wire/frame.js';
import { isLoopback, networkLayer } from '../wire/link-layer.js';
import { NetworkLayer } from '../wire/network-layer.js';
import { enterTunnel } from '../wire/tunnel.js';
import { evidence } from './findings.js';
import { HeaderValues } from './header-values.js';
import { checkAddresses } from './headers/addresses.js';
import { checkIpv4, parseIpv4 } from './headers/ipv4.js';
import { checkIpv6, parseIpv6 } from './headers/ipv6.js';
import { Packet, type PacketKind } from './headers/packet.js';
import { wholeHeader } from './headers/whole-header.js';
import { InnerPackets } from './inner-packets.js';
import { type JudgeOptions, judgeGroup } from './judge.js';
import { malformedVerdict, mayHideUdp, oddVersionVerdict } from './odd-packets.js';
import { Fragment, KEY_SOURCE } from './reassembly/fragment.js';
import { Group } from './reassembly/group.js';
import { DEFAULT_LIMITS, type ReassemblyLimits } from './reassembly/limits.js';
import { kernelOffset } from './reassembly/octets.js';
import { Reassembler } from './reassembly/reassembler.js';
import { tellMore } from './reassembly/told.js';
import { ENDS_WITHIN, Tally } from './tally.js';

/** Where a packet's length stands. */
const IPV4_LENGTH = ['IPv4 header', [2, 4]] as const;
const IPV6_LENGTH = ['IPv6 headers', [4, 6]] as const;
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** Takes frames apart, down to the innermost packet, and hands every datagram and fragment to where it is judged. */
export class FrameJudge {
  readonly reassembler: Reassembler;
  readonly tally = new Tally();
  fragments = 0;
  unknownLinktype: number | undefined;
  readonly #options: JudgeOptions;
  readonly #packet = new Packet();
  readonly #fragment = new Fragment();
  readonly #network = new NetworkLayer();
  /** What reassembled packets carry, to be judged once they are done with. */
  readonly #inner = new InnerPackets();
  #loopback = false;
  /** The frame at hand. */
  #frame: Frame | undefined;
  /** The time of the latest frame that has one. */
  readonly #clock = { seconds: 0, nanoseconds: 0 };
  /** Frames that nobody asked about. */
  #passedOver = 0;

  constructor(options: JudgeOptions, limits: Partial<ReassemblyLimits> = {}, tellGood = true) {
    this.#options = options;
    this.#fragment.layers = this.#network.layers;
    this.reassembler = new Reassembler(
      (group, view = NO_VIEW) => {
        const verdict = judgeGroup(group, view, 0, options);
        this.#inner.offer(group, verdict, view);
        return verdict;
      },
      { ...DEFAULT_LIMITS, ...limits },
      tellGood,
    );
  }

  /** The time of the latest frame: seconds since the epoch. */
  get time(): number {
    return this.#fragment.time;
  }

  /** Counts frames that were judged elsewhere, `fragments` of them fragments, the last one of `time`. */
  passed(frames: number, fragments: number, time: number): void {
    this.tally.pass(frames);
    this.fragments += fragments;
    this.#fragment.time = time;
  }

  frame(frame: Frame): void {
    const { caplen, len, linktype } = frame;
    this.#frame = frame;
    const network = this.#network;
    const start = frame.bytes.byteOffset + frame.offset;
    this.tally.begin();
    this.#fragment.frame = this.tally.frames + this.#passedOver;
    // Frames without a time are of the time of those before them.
    if (frame.seconds !== 0 || frame.nanoseconds !== 0) {
      this.#clock.seconds = frame.seconds;
      this.#clock.nanoseconds = frame.nanoseconds;
      this.#fragment.time = frame.seconds + frame.nanoseconds * 1e-9;
    }
    if (this.#packet.view.buffer !== frame.bytes.buffer) this.#see(frame.bytes.buffer);
    const { view } = this.#packet;
    this.#packet.link = start;
    this.#packet.linktype = linktype;
    networkLayer(view, start, caplen, linktype, network);
    this.#loopback = network.ok && isLoopback(view, start, linktype);
    if (network.why === 'linktype') this.unknownLinktype = linktype;
    this.#packets(network.end === start + caplen ? Math.max(0, len - caplen) : 0);
    while (this.#inner.next(network)) {
      this.#see(this.#inner.bytes.buffer);
      enterTunnel(this.#packet.view, this.#inner.outer, network);
      this.#packets(0);
    }
    this.tally.end();
  }

  /** A frame that nobody asks about: it has a number all the same. */
  passOver(): void {
    this.#passedOver++;
  }

  #see(buffer: ArrayBufferLike): void {
    const packet = this.#packet;
    const fragment = this.#fragment;
    packet.view = new DataView(buffer);
    packet.bytes = new Uint8Array(buffer);
    fragment.view = packet.view;
    fragment.bytes = packet.bytes;
    fragment.at = kernelOffset(packet.bytes);
  }

  /** Judges the packet that `#network` found, and what it carries; `missing` octets behind it were not captured. */
  #packets(missing: number): void {
    let left = missing;
    do {
      if (!this.#network.ok) {
        this.#noIp(left > 0);
        return;
      }
      left = this.#descend(this.#ip(left));
    } while (left >= 0);
  }

  /** Something else than IP, or an IP version that there is not. */
  #noIp(cutByCapture: boolean): void {
    const network = this.#network;
    if (network.why === 'truncated') {
      if (cutByCapture) this.tally.cut();
      else this.tally.hide(ENDS_WITHIN);
    } else if (network.unknown === 'ip version') {
      this.reassembler.add(oddVersionVerdict(this.#packet.view, network, this.#fragment));
      this.tally.judge();
    } else if (mayHidePackets(network)) this.#hide(unknownName(network));
  }

  /** The tunnel's own packet was looked at, what hides is in it. */
  #hide(kind: string): void {
    const { tunnel } = this.#network.layers;
    this.tally.hide(tunnel === undefined ? kind : `${kind} in ${tunnel}`);
  }

  #ip(missing: number): PacketKind {
    const { offset, len, family, mac } = this.#network;
    const packet = this.#packet;
    const fragment = this.#fragment;
    packet.base = offset;
    fragment.header = offset;
    packet.captured = len;
    packet.onWire = len + missing;
    fragment.macHigh = mac < 0 ? -1 : packet.view.getUint16(mac);
    fragment.macLow = mac < 0 ? -1 : packet.view.getInt32(mac + 2);
    const kind = family === 4 ? parseIpv4(packet, fragment) : parseIpv6(packet, fragment);
    if (kind === 'other') return kind;
    if (kind === 'short') {
      this.tally.cut();
      return kind;
    }
    this.tally.judge();
    const cut =
      kind === 'fragment' || kind === 'atomic' || (kind === 'malformed' && (fragment.more || fragment.offset > 0));
    if (cut) this.fragments++;
    if (kind === 'malformed') this.#malformed(packet);
    else if (kind === 'fragment') {
      const group = this.reassembler.groupOf(fragment);
      this.#check(group);
      this.reassembler.place(group, fragment);
    } else this.#single(kind === 'atomic');
    return kind;
  }

  #malformed({ faultCode, fault, faultMark, view, base, captured }: Packet): void {
    const shown = evidence('IP packet', view, base, captured, faultMark);
    this.reassembler.add(malformedVerdict(faultCode, fault, shown, this.#fragment));
  }

  /** Goes into what a whole packet carries; returns how many octets behind it were not captured, −1 where there is nothing. */
  #descend(kind: PacketKind): number {
    if (kind !== 'other' && kind !== 'whole') return -1;
    const packet = this.#packet;
    const { family, protocol, key, keyLen, data, len, captured } = this.#fragment;
    const network = this.#network;
    const end = data + captured;
    network.offset = data;
    network.end = end;
    const outer = { family, protocol, ends: key.subarray(KEY_SOURCE, keyLen), whole: captured === len };
    if (!enterTunnel(packet.view, outer, network)) {
      const next = captured > 0 ? packet.view.getUint8(data) : len > 0 ? 'not-captured' : 'nothing';
      if (kind === 'other' && mayHideUdp(family, protocol, next))
        this.#hide(`${family === 4 ? 'protocol' : 'next header'} ${protocol}`);
      return -1;
    }
    const onWire = Math.min(len, packet.onWire - packet.headerLen);
    return network.end === end ? Math.max(0, onWire - captured) : 0;
  }

  #check(group: Group): void {
    const packet = this.#packet;
    const fragment = this.#fragment;
    const { strict, sightings, observe } = this.#options;
    group.loopback = this.#loopback;
    if (fragment.family === 4) checkIpv4(packet, fragment, group, strict);
    else checkIpv6(packet, fragment, group);
    if (group.seen === 1) checkAddresses(packet, group);
    if (packet.lengthMissing) {
      const field = fragment.family === 4 ? 'total length' : 'payload length';
      group.suspect(strict, 'length-not-written', `${field} 0, not written yet: the length of the frame counts`);
    }
    if (fragment.shortOnWire) {
      const text = `IP length got ${packet.headerLen + fragment.len}, want at most ${packet.onWire}, the frame's rest`;
      const [of, mark] = fragment.family === 4 ? IPV4_LENGTH : IPV6_LENGTH;
      group.mismatch('ip-length-past-frame', text, evidence(of, packet.view, packet.base, packet.headerLen, mark));
    }
    if (sightings) {
      group.values ??= new HeaderValues();
      group.values.take(packet, fragment);
    }
    if (observe) group.told = tellMore(group.told, this.#frame!, this.#clock);
    if ((observe || sightings) && fragment.offset === 0 && group.header === undefined)
      group.header = wholeHeader(packet, fragment.family, group.fragmented && fragment.family === 6);
  }

  /** A datagram in one piece, or an atomic fragment, which is nobody's neighbour (RFC 6946). */
  #single(atomic: boolean): void {
    const fragment = this.#fragment;
    const { data, len, captured } = fragment;
    const group = new Group(fragment);
    group.fragmented = atomic;
    group.fragments = atomic ? 1 : 0;
    group.seen = 1;
    group.sum = -1;
    group.total = len;
    group.headerLen = this.#packet.headerLen;
    group.largestCut = this.reassembler.largestCut(fragment);
    group.extents.add(0, len);
    this.#check(group);
    if (captured < len) {
      group.cuts.push(captured, len);
      group.shortOnWire = fragment.shortOnWire;
      if (!fragment.shortOnWire)
        group.note('cut-by-capture', `cut by the capture (snaplen): ${captured} of ${len} octets`);
    }
    const verdict = judgeGroup(group, fragment.view, data, this.#options);
    this.reassembler.add(verdict);
    if (atomic && verdict.complete) this.#inner.offer(group, verdict, new DataView(fragment.view.buffer, data, len));
  }
}
