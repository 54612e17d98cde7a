import type { RecordFormat } from '../../wire/record-run.js';
import * as udp from '../../wire/udp.js';
import type { CameAgain } from '../reassembly/flow.js';
import { Fragment } from '../reassembly/fragment.js';
import { Group } from '../reassembly/group.js';
import { type Held, VERDICT_COST, type Waiting } from '../reassembly/hold-back.js';
import type { DatagramVerdict, MutableVerdict } from '../verdict.js';
import { newVerdict } from '../verdict-builder.js';
import { readHeader, sightingAt, udpVerdict } from './header.js';
import {
  AS_TOLD,
  HEAD_BITS,
  HEAD_PAYLOAD,
  HEAD_TOTAL,
  HEAD_UDP,
  HEAD_WORDS,
  ROW_WORDS,
  WITHOUT_CHECKSUM,
} from './kernel.js';
import type { Link } from './link.js';
import { sightingOf } from './sighting.js';

/** Where many datagrams' heads and rows are: the kernel's memory from word `first` on until that needs the room, then a copy. */
export interface RowBlock {
  readonly format: RecordFormat;
  view: DataView;
  first: number;
}

/** Octets that records of a fragment take; as the reassembler's own, which those become if need be. */
const RECORD_LEN = 64;
const time = { seconds: 0, nanoseconds: 0 };
const header = new Fragment();

/**
 * A good datagram in fragments that nobody put together: it waits for leftovers of it as those of the reassembler do, and
 * becomes one of those as soon as a fragment of its key comes. What it said stays in the rows until somebody asks.
 */
export class WholeDatagram implements Held, Waiting {
  state: Held['state'] = 'held';
  /** Hash of its key, and the next in its bucket. */
  hash = 0;
  next: Held['next'] = undefined;
  /** A group never follows one of these: it becomes a group itself before. */
  readonly successor = undefined;
  readonly count = 1;
  /** Whether its ident may have come again meanwhile, as far as its flow tells. */
  cameAgain: CameAgain = 'no';
  /** How many datagrams its flow had when it began, itself counted. */
  begunAt = -1;
  readonly #block: RowBlock;
  /** Words of the block in front of its head. */
  readonly #at: number;
  readonly #link: Link;
  readonly #fragments: number;
  /** Number of its first frame; the others came right behind it. */
  readonly #frame: number;
  #group: Group | undefined = undefined;
  /** As `time`, where its records have none or a clock that jumped back made it another. */
  #time: number | undefined = undefined;

  constructor(block: RowBlock, at: number, link: Link, fragments: number, frame: number) {
    this.#block = block;
    this.#at = at;
    this.#link = link;
    this.#fragments = fragments;
    this.#frame = frame;
  }

  get octets(): number {
    return VERDICT_COST + RECORD_LEN * this.#fragments;
  }

  get held(): Held {
    return this.#group ?? this;
  }

  /** When it was complete; seconds. */
  get time(): number {
    return this.#time ?? this.#cameAt(this.#fragments - 1);
  }
  set time(seconds: number) {
    this.#time = seconds;
  }

  get key(): Int32Array {
    const { key, keyLen } = this.#header();
    return key.slice(0, keyLen);
  }

  verdict(tellGood: boolean): DatagramVerdict | null {
    if (this.#group !== undefined) return this.#group.verdict!;
    return tellGood ? this.#tell() : null;
  }

  /** The reassembler's own form of it. */
  unfold(): Group {
    const fragment = this.#header();
    fragment.time = this.#cameAt(0);
    const group = new Group(fragment);
    group.state = this.state;
    group.time = this.time;
    group.seen = group.fragments = this.#fragments;
    group.total = this.#word(HEAD_TOTAL);
    group.cameAgain = this.cameAgain;
    group.begunAt = this.begunAt;
    group.records.restore(this.#records(fragment));
    group.verdict = this.#tell();
    this.#group = group;
    return group;
  }

  #tell(): MutableVerdict {
    const link = this.#link;
    const { view } = this.#block;
    const head = this.#octet(0);
    const { family, key, ident, ttl, tos } = this.#header();
    const bits = this.#word(HEAD_BITS);
    const verdict = newVerdict(family, key, ident, udp.PROTOCOL);
    if (link.layers.depth > 0) verdict.via = link.layers.text();
    verdict.fragments = this.#fragments;
    verdict.udp = udpVerdict(view, head + HEAD_UDP, (bits & WITHOUT_CHECKSUM) !== 0);
    verdict.payloadLen = this.#word(HEAD_TOTAL) - udp.HEADER_LEN;
    if ((bits & AS_TOLD) === 0) return verdict;
    const seen = sightingAt(view, head, link, head + HEAD_PAYLOAD, this.#cameAt(this.#fragments - 1));
    const lengths = Array.from({ length: this.#fragments }, (_, i) => this.#row(i, 0) >>> 1);
    verdict.seen = sightingOf({ family, ttl, tos, link }, seen, lengths);
    return verdict;
  }

  /** Valid until the next call for any of them. */
  #header(): Fragment {
    readHeader(this.#block.view, this.#octet(0), this.#link, header);
    return header;
  }

  /** Where octet `offset` of its head is in the block. */
  #octet(offset: number): number {
    return 4 * (this.#block.first + this.#at) + offset;
  }

  #word(offset: number): number {
    return this.#block.view.getInt32(this.#octet(offset), true);
  }

  #row(i: number, word: number): number {
    return this.#word(4 * (HEAD_WORDS + i * ROW_WORDS + word));
  }

  #cameAt(i: number): number {
    return secondsOf(this.#block.format, this.#row(i, 3), this.#row(i, 4)) ?? this.#time!;
  }

  /** As `FragmentRecords` keeps them. */
  #records({ ttl, tos }: Fragment): Int32Array {
    const records = new Int32Array(8 * this.#fragments);
    const began = this.#cameAt(0);
    let offset = 0;
    for (let i = 0; i < this.#fragments; i++) {
      const micros = Math.max(-0x4000_0000, Math.min(0x3fff_ffff, Math.round((this.#cameAt(i) - began) * 1e6)));
      const lenMore = this.#row(i, 0);
      const row = [offset, lenMore, this.#row(i, 1), this.#row(i, 2), (this.#frame + i) | 0, micros, (tos << 8) | ttl];
      records.set(row, 8 * i);
      records[8 * i + 7] = i + 1;
      offset += lenMore >>> 1;
    }
    return records;
  }
}

/** Seconds since the epoch; undefined where a record says no time. */
export function secondsOf(format: RecordFormat, high: number, low: number): number | undefined {
  if (high === 0 && low === 0) return undefined;
  format.setTime(high >>> 0, low >>> 0, time);
  return time.seconds + time.nanoseconds * 1e-9;
}
