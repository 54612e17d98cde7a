import { evenSizes, kernelSizes4 } from '../../compare/cut.js';
import type { ExpectedDatagram, ExpectedPayload } from '../../compare/expected.js';
import type { FaultPlan } from '../../faults/plan.js';
import { Fifo } from '../../memory/fifo.js';
import { sha256 } from '../../payload/sha256.js';
import { type PayloadSizes, sizeOf } from '../../payload/sizes.js';
import type { SendResult } from '../../socket/flight/datagram.js';
import type { FlowInfo } from '../../socket/path/info.js';
import type { FragmentPlan } from '../../ufo/plan.js';
import { seenPayload } from '../../verify/sighting.js';
import { HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';
import { type MadePackets, plannedDatagrams, tellingPlan } from './planned.js';

interface SentLogOptions {
  /** Payloads that say nothing of themselves are known by their SHA-256 as well, for another machine. Default false. */
  readonly hash?: boolean;
  /** The path of the `n`th datagram (from 0), where there are several. */
  readonly pathOf?: ((n: number) => FlowInfo) | undefined;
}

/** Generated payloads that follow one another: of a seed, in these sizes. */
interface PayloadSeries {
  readonly seed: number;
  readonly sizes: PayloadSizes;
  /** Sequence of the first; default 0. */
  readonly first?: number;
  /** From one sequence to the next; default 1. */
  readonly step?: number;
}

/**
 * What one sender sends, as an `Expectation` and a file of expectations take it: the header fields that were asked for, or
 * their defaults, with what sending each datagram came to.
 */
export class SentLog {
  readonly #path: FlowInfo;
  readonly #hash: boolean;
  readonly #pathOf: ((n: number) => FlowInfo) | undefined;
  /** Datagrams told of. */
  #count = 0;
  readonly #tell: (expected: ExpectedDatagram) => void;
  /** Payloads on their way, in the order of sending. */
  readonly #waiting = new Fifo<ExpectedPayload>();
  /** What a plan made of those that are on their way. */
  readonly #made = new Fifo<MadePackets>();
  /** Generated payloads that nobody makes here: each is the next of them. */
  #series: (PayloadSeries & { next: number }) | null = null;

  constructor(
    path: FlowInfo,
    tell: (expected: ExpectedDatagram) => void,
    { hash = false, pathOf }: SentLogOptions = {},
  ) {
    this.#path = path;
    this.#tell = tell;
    this.#hash = hash;
    this.#pathOf = pathOf;
  }

  /** To be told of every payload before it is sent. */
  begin(payload: Uint8Array): void {
    this.#waiting.push(expectedPayload(payload, this.#hash));
  }

  /** Instead of `begin`: payloads are those of a series, one after the other. */
  beginSeries(series: PayloadSeries): void {
    this.#series = { ...series, next: series.first ?? 0 };
  }

  /** The plan, which tells here what it makes of each datagram. */
  watched(plan: FaultPlan): FragmentPlan {
    return tellingPlan(plan, (made) => this.#made.push(made));
  }

  /** The oldest payload told of and not ended yet went out. */
  readonly sent = (result: SendResult): void => {
    const payload = this.#next();
    const made = this.#made.shift();
    const path = this.#pathNow();
    if (made === undefined) this.#tell(expectedDatagram(path, result, payload));
    else this.#tellPlanned(path, made, result, payload);
  };

  /** It was stopped; nothing of it is to be expected where none of its packets had gone. */
  readonly stopped = (partial: SendResult): void => {
    const payload = this.#next();
    const made = this.#made.shift();
    const { fragmentsSent } = partial;
    const path = this.#pathNow();
    if (fragmentsSent === 0) return;
    if (made !== undefined) {
      const packets = made.packets.slice(0, fragmentsSent);
      this.#tellPlanned(path, { ...made, packets }, partial, payload, fragmentsSent);
      return;
    }
    const { sizes: _, fragments: __, ...known } = expectedDatagram(path, partial, payload);
    this.#tell({ ...known, stoppedAfter: fragmentsSent });
  };

  #tellPlanned(
    path: FlowInfo,
    made: MadePackets,
    { way }: SendResult,
    payload: ExpectedPayload,
    stoppedAfter?: number,
  ): void {
    const { source, destination, sourcePort, destinationPort, headers, mtu } = path;
    const base = { source, destination, sourcePort, destinationPort, way, mtu };
    const describe = (octets: Uint8Array): ExpectedPayload => expectedPayload(octets, this.#hash);
    for (const expected of plannedDatagrams(made, { base, headers, payload, describe })) {
      this.#tell(stoppedAfter === undefined ? expected : { ...expected, stoppedAfter });
    }
  }

  /** The path of the datagram that is told of now: one more than before. */
  #pathNow(): FlowInfo {
    return this.#pathOf?.(this.#count++) ?? this.#path;
  }

  #next(): ExpectedPayload {
    if (this.#series !== null) {
      const { seed, sizes, step = 1 } = this.#series;
      const sequence = this.#series.next;
      this.#series.next = (sequence + step) >>> 0;
      return { seed, sequence, length: sizeOf(sizes, seed, sequence) };
    }
    return this.#waiting.shift()!;
  }
}

/** By what a payload says of itself, else by its digest, and with `hash` by its SHA-256 as well. */
export function expectedPayload(payload: Uint8Array, hash = false): ExpectedPayload {
  const { length } = payload;
  const { told, digest } = seenPayload(payload);
  if (digest === null) return { seed: told!.seed, sequence: told!.sequence, length };
  return { digest, length, ...(hash && { sha256: sha256(payload) }) };
}

/** What is to be seen of a datagram that took this path and came to this result. */
export function expectedDatagram(path: FlowInfo, result: SendResult, payload: ExpectedPayload): ExpectedDatagram {
  const { source, destination, sourcePort, destinationPort, headers } = path;
  const { way, ident, octets } = result;
  const sizes = sizesOf(path, result, UDP_HEADER_LEN + octets);
  const packets = sizes.reduce((sum, [, times]) => sum + times, 0);
  return {
    ...{ source, destination, sourcePort, destinationPort, way, headers, payload, sizes, mtu: path.mtu },
    ...(ident !== null && ident !== 0 && { ident }),
    fragments: packets === 1 ? 0 : packets,
  };
}

/** What is cut begins with the headers that the first fragment alone has; of a packet in one piece none count as its payload. */
function sizesOf({ family, mtu, headerLen, chainLen }: FlowInfo, { way, gsoSize, fragments }: SendResult, len: number) {
  if (way === 'kernel-ip' && family === 4) return kernelSizes4(len, mtu, headerLen);
  return fragments === 1 ? evenSizes(len, len) : evenSizes(chainLen + len, gsoSize);
}
