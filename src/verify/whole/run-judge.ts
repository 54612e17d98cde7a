import { inspectTag, PAYLOAD_HEADER_LEN } from '../../payload/generated.js';
import { NetworkLayer, networkLayer } from '../../wire/link-layer.js';
import type { RecordFormat, RecordRun } from '../../wire/record-run.js';
import type { FrameJudge } from '../frame-judge.js';
import type { JudgeOptions } from '../judge.js';
import { Fragment } from '../reassembly/fragment.js';
import { LONG_WAIT } from '../reassembly/reassembler.js';
import { largestOnWire } from '../upper/offload.js';
import { type RowBlock, secondsOf, WholeDatagram } from './datagram.js';
import { readHeader, singleVerdict } from './header.js';
import {
  AS_TOLD,
  FRAGMENTS,
  HEAD_BITS,
  HEAD_PAYLOAD,
  HEAD_WORDS,
  IPV6,
  IS_IPV6,
  JudgeKernel,
  PLACE,
  ROW_WORDS,
  SINGLES,
  UNFINISHED,
} from './kernel.js';
import { isOn, type Link, linkOf } from './link.js';
import { Stage } from './stage.js';

/**
 * Judges records where they lie: datagrams that are whole, in order and right are taken by the kernel, and everything else
 * frame by frame, in the order of capture. What comes out is the same.
 */
export class RunJudge {
  readonly #frames: FrameJudge;
  readonly #options: JudgeOptions;
  /** Whether good datagrams are to be told of. */
  readonly #tellGood: boolean;
  readonly #kernel: JudgeKernel | null;
  readonly #stage: Stage | null;
  readonly #links: Partial<Record<4 | 6, Link>> = {};
  readonly #network = new NetworkLayer();
  readonly #fragment = new Fragment();
  #format: RecordFormat | undefined;
  #block: RowBlock | undefined;

  constructor(frames: FrameJudge, options: JudgeOptions, tellGood: boolean) {
    const { tenancy } = frames.reassembler;
    const possible = tenancy !== undefined && !options.hash && options.observe === undefined;
    this.#frames = frames;
    this.#options = options;
    this.#tellGood = tellGood;
    this.#kernel = possible ? JudgeKernel.create(tenancy) : null;
    this.#stage = this.#kernel && possible ? new Stage(tenancy) : null;
  }

  take(run: RecordRun): void {
    const { format } = run;
    const stage = this.#stage;
    if (stage === null || format.fields === null) {
      this.flush();
      this.#slowRun(run);
      return;
    }
    if (format !== this.#format) this.#begin(format);
    for (let from = run.at; from < run.end; ) {
      const taken = stage.offer(run, from);
      if (taken === 0) {
        this.flush();
        from = this.#slow(run.bytes, viewOf(run.bytes), format, from);
      }
      from += taken;
      if (stage.isDue) stage.keep(this.#judge(stage.at, stage.end));
    }
  }

  /** Judges what was kept back, though more of it may come. */
  flush(): void {
    const stage = this.#stage;
    if (stage === null || stage.at === stage.end) return;
    const { end } = stage;
    let at = this.#judge(stage.at, end);
    while (at < end) at = this.#slowHere(at);
    stage.keep(end);
  }

  #begin(format: RecordFormat): void {
    this.flush();
    if (format.linktype !== this.#format?.linktype) {
      this.#kernel!.forgetLinks();
      delete this.#links[4];
      delete this.#links[6];
    }
    this.#sealRows();
    this.#format = format;
    this.#kernel!.setFields(format.fields!);
  }

  /** Judges the records in `[start, end)` of the kernel's memory; returns where those of an unfinished datagram begin. */
  #judge(start: number, end: number): number {
    const kernel = this.#kernel!;
    kernel.setLargest(largestOnWire(this.#options));
    let at = start;
    while (at < end) {
      const found = kernel.scan(at, end);
      if (found === SINGLES) {
        this.#singles();
        at = kernel.next;
      } else if (found === FRAGMENTS) {
        if (this.#otherSeed()) continue;
        const { next } = kernel;
        if (this.#datagram()) at = next;
        else while (at < next) at = this.#slowHere(at);
      } else if (found === UNFINISHED && end - at <= this.#stage!.most) return at;
      else if (!this.#learn(kernel.next)) at = this.#slowHere(kernel.next);
    }
    return end;
  }

  #singles(): void {
    const { count, timed } = this.#kernel!;
    if (this.#tellGood) this.#tellSingles();
    else this.#frames.reassembler.count(count);
    const time = timed === 0 ? undefined : this.#timeAt(timed);
    this.#frames.passed(count, 0, time ?? this.#frames.time);
  }

  #tellSingles(): void {
    const { count, words, rowsAt, view } = this.#kernel!;
    const { sightings } = this.#options;
    let { time } = this.#frames;
    for (let i = 0; i < count; i++) {
      const row = words[rowsAt + i]!;
      const at = row & PLACE;
      if (sightings) time = this.#timeAt(at) ?? time;
      const link = this.#links[(row & IPV6) === 0 ? 4 : 6]!;
      const ip = at + this.#format!.fields!.data + link.len;
      readHeader(view, ip, link, this.#fragment);
      this.#frames.reassembler.add(singleVerdict(view, ip, this.#fragment, link, row < 0, sightings ? time : null));
    }
  }

  /** Takes the datagram that the kernel found whole; false where its fragments must go one by one. */
  #datagram(): boolean {
    const { count, words, rowsAt, view } = this.#kernel!;
    const { reassembler, tally } = this.#frames;
    const bits = words[rowsAt + HEAD_BITS / 4]!;
    if (this.#options.sightings && (bits & AS_TOLD) === 0) return false;
    const head = rowsAt + HEAD_WORDS;
    const last = head + (count - 1) * ROW_WORDS;
    const format = this.#format!;
    const first = secondsOf(format, words[head + 3]!, words[head + 4]!);
    const end = secondsOf(format, words[last + 3]!, words[last + 4]!);
    // Frames without a time are of the time of those before them: here all, or none.
    if (first === undefined && end !== undefined) return false;
    const began = first ?? this.#frames.time;
    const time = end ?? began;
    if (time - began >= LONG_WAIT && this.#waited(head, count)) return false;
    const link = this.#links[(bits & IS_IPV6) === 0 ? 4 : 6]!;
    const fragment = this.#fragment;
    readHeader(view, 4 * rowsAt, link, fragment);
    fragment.time = began;
    fragment.more = true;
    fragment.len = words[head]! >>> 1; // as those of its first one
    if (!reassembler.isFree(fragment, count, began, time)) return false;
    const block = this.#openBlock();
    const whole = new WholeDatagram(block, rowsAt - block.first, link, count, tally.frames + 1);
    if (first === undefined) whole.time = began;
    reassembler.takeWhole(whole, fragment, began, time);
    this.#frames.passed(count, count, time);
    this.#kernel!.keepRows();
    if (this.#kernel!.full) this.#sealRows();
    return true;
  }

  /** Whether one of the fragments came so long after the one before that its ident may have come again. */
  #waited(head: number, count: number): boolean {
    const { words } = this.#kernel!;
    const timeOf = (i: number): number =>
      secondsOf(this.#format!, words[head + i * ROW_WORDS + 3]!, words[head + i * ROW_WORDS + 4]!)!;
    for (let i = 1; i < count; i++) if (timeOf(i) - timeOf(i - 1) >= LONG_WAIT) return true;
    return false;
  }

  /** Whether the payload at hand says to be of another seed than that which the kernel knows; then it knows that. */
  #otherSeed(): boolean {
    const { words, rowsAt, bytes } = this.#kernel!;
    if (!this.#options.sightings || (words[rowsAt + HEAD_BITS / 4]! & AS_TOLD) !== 0) return false;
    const payload = 4 * rowsAt + HEAD_PAYLOAD;
    const tag = inspectTag(bytes.subarray(payload, payload + PAYLOAD_HEADER_LEN));
    return tag !== null && this.#kernel!.setSeed(tag.seed);
  }

  /** Judges one record of the kernel's memory as a frame like any other; returns where it ends. */
  #slowHere(at: number): number {
    const { bytes, view } = this.#kernel!;
    return this.#slow(bytes, view, this.#format!, at);
  }

  #slowRun({ bytes, at: start, end, format }: RecordRun): void {
    const view = viewOf(bytes);
    for (let at = start; at < end; ) at = this.#slow(bytes, view, format, at);
  }

  #slow(bytes: Uint8Array, view: DataView, format: RecordFormat, at: number): number {
    this.#frames.frame(format.frame(bytes, view, at));
    return at + format.recordLen(view, at);
  }

  /** Whether the kernel did not take a frame for what is in front of its IP header, which it knows from now on. */
  #learn(record: number): boolean {
    const { view } = this.#kernel!;
    const { linktype, fields } = this.#format!;
    const frame = record + fields!.data;
    const caplen = view.getUint32(record + fields!.caplen, true);
    for (const link of [this.#links[4], this.#links[6]])
      if (link !== undefined && isOn(link, view, frame, caplen)) return false;
    if (!networkLayer(view, frame, caplen, linktype, this.#network)) return false;
    const link = linkOf(this.#network, view, frame, linktype);
    if (link === null || !isOn(link, view, frame, caplen)) return false;
    this.#links[link.family] = link;
    this.#kernel!.setLink(link);
    return true;
  }

  #timeAt(record: number): number | undefined {
    const { view } = this.#kernel!;
    const at = record + this.#format!.fields!.time;
    return secondsOf(this.#format!, view.getUint32(at, true), view.getUint32(at + 4, true));
  }

  #openBlock(): RowBlock {
    const { view, rowsFirst: first } = this.#kernel!;
    this.#block ??= { format: this.#format!, view, first };
    return this.#block;
  }

  /** The kernel gets its room back. */
  #sealRows(): void {
    if (this.#block === undefined) return;
    this.#block.view = new DataView(this.#kernel!.takeRows().buffer);
    this.#block.first = 0;
    this.#block = undefined;
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
