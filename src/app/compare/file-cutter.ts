import type { Reference } from '../../compare/cuts/cause.js';
import { SMALLER_MTU } from '../../compare/cuts/causes.js';
import { byOffset, packetFields } from '../../compare/cuts/differences.js';
import { type HeldCut, holdCut } from '../../compare/cuts/explain.js';
import { FileMtu } from '../../compare/cuts/file-mtu.js';
import type { Arrival, Gathered } from '../../compare/cuts/gathering.js';
import type { CutPacket } from '../../compare/cuts/packet.js';
import { withUdpChecksum } from '../../compare/cuts/rebuild.js';
import { levelsOf, recutSizes } from '../../compare/cuts/refragmented.js';
import { UfoError } from '../../errors.js';
import { placed, placeOf, udpOffset, upperLayer, viewOf } from '../../faults/packet.js';
import { type Flow, MTU_RANGE } from '../../skb/flow.js';
import { holesText } from '../../verify/report.js';
import { isExtension } from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';
import type { CompareCase, DatagramCase } from './cases.js';
import { flowOf, saidSize } from './file-flow.js';
import { holesOf, type Reading, readingsOf } from './file-readings.js';
import { ReferenceCutter } from './reference.js';
import type { CutReport, DatagramReport } from './report.js';

/** Who cut what is in a file nobody knows. */
const FILE = 'file';

/** A datagram of a file, before anybody judged it. */
interface Case {
  readonly of: DatagramCase;
  readonly where: string;
  readonly packets: readonly CutPacket[];
  /** By offset. */
  readonly sorted: readonly CutPacket[];
}

/** Holds datagrams of a file against what our UFO stage makes of the same payload and headers. */
export class FileCutter {
  readonly #reference = new ReferenceCutter();
  readonly #mtus: FileMtu | number;

  /** @param mtus the one that was told, or what the packets tell */
  constructor(mtus: FileMtu | number) {
    this.#mtus = mtus;
  }

  /** Nobody knows what it was cut for, nor how large its datagram is. */
  cutByCapture(family: 4 | 6 | null, { frame, via }: Pick<Arrival, 'frame' | 'via'>): DatagramReport {
    const of = { family, mtu: null, size: null, what: 'a frame that is not whole', headers: {} };
    const why = 'the capture has cut the frame, or its lengths are those of no packet';
    return { of, where: whereText([frame, frame], via), cuts: [nothing([], 'unsure', why)] };
  }

  /** null: it is no UDP. */
  hold(gathered: Gathered): DatagramReport | null {
    const { packets, frames, layers, via, beyond, mayBeTwo } = gathered;
    const sorted = byOffset(packets);
    const first = sorted[0]!;
    const { family } = first;
    const { protocol } = upperLayer(first);
    if (protocol !== udp.PROTOCOL && !isExtension(protocol)) return null;
    // What goes whole may be smaller than any MTU that can be asked for.
    const mtu =
      typeof this.#mtus === 'number' ? this.#mtus : Math.max(MTU_RANGE[family].min, this.#mtus.of(first, layers));
    const size = udpOffset(first) < 0 ? null : Math.max(0, saidSize(first));
    const of: DatagramCase = { family, mtu, size, what: '', headers: {} };
    const one: Case = { of, where: whereText(frames, via), packets, sorted };
    if (beyond > 0) return untold(one, 'unsure', `${beyond} packets more have its ident, too many to be kept`);
    if (mayBeTwo) return untold(one, 'unsure', TWO_IDENTS);
    if (placeOf(first).offset > 0) return untold(one, 'lost', 'its first fragment is not in the file');
    if (family === 6 && packets.length > 1 && udpOffset(first) < 0) {
      return untold(one, 'different', 'its first fragment does not hold all headers (RFC 7112)');
    }
    try {
      const flow = flowOf(first, packets.length > 1, mtu);
      if (typeof flow === 'string') return untold(one, 'unsure', flow);
      return this.#whole(one, flow, gathered.complete) ?? this.#partly(one, flow);
    } catch (error) {
      if (!(error instanceof UfoError)) throw error;
      return untold(one, 'unsure', error.message);
    }
  }

  /** null: octets are missing. */
  #whole({ of, where, packets, sorted }: Case, flow: Flow, complete: boolean): DatagramReport | null {
    const found = this.#nearest(flow, packets, readingsOf(sorted, complete, of.size ?? 0));
    if (found === null) return null;
    const { held, reference, size } = found;
    // Behind each other the octets of what is left after a loss are no datagram.
    if (!complete && held.left.some(({ field }) => field === CHECKSUM)) return null;
    const cut = { ...nothing(packets, held.outcome, null), held, reference: reference.packets };
    const mtu = Math.max(flow.mtu, reference.mtu);
    return { of: { ...of, mtu, size, headers: headersOf(flow) }, where, cuts: [cut] };
  }

  /**
   * Where octets are missing nobody knows how it was cut: a fragment may be lost, or a piece of one that a router cut again. What
   * is there can still be wrong in itself, so each fragment is held against ours of its place.
   */
  #partly(one: Case, flow: Flow): DatagramReport {
    const { of, where, packets, sorted } = one;
    const { ident } = placeOf(sorted[0]!);
    const { whole, ...reference } = this.#reference.cut(flow, ident, NOTHING);
    const ours = packets.map((packet) => {
      const { offset, more } = placeOf(packet);
      return placed(whole, { offset, more, ident, payload: packet.payload });
    });
    const held = withUnaligned(holdCut({ ...reference, whole, packets: ours }, packets, FILE), sorted);
    if (held.outcome !== 'different') return untold(one, 'lost', `not in the file: ${holesText(holesOf(packets))}`);
    const cut = { ...nothing(packets, held.outcome, null), held, reference: ours };
    return { of: { ...of, what: 'not all of it', headers: headersOf(flow) }, where, cuts: [cut] };
  }

  /** The reading that leaves the fewest differences: whoever made a fragment wrong made one field wrong, not many. */
  #nearest(flow: Flow, packets: readonly CutPacket[], all: readonly Reading[]) {
    const found = this.#mtusOf(flow, packets).flatMap((mtu) =>
      all.flatMap((reading) => {
        const reference = this.#cut({ ...flow, mtu }, reading, packets);
        if (reference === null) return [];
        const held = holdCut(reference, packets, FILE);
        return [{ held: mtu < flow.mtu ? forSmallerMtu(held) : held, reference, size: reading.payload.length }];
      }),
    );
    return found.reduce<(typeof found)[number] | null>(
      (best, one) => (best === null || one.held.left.length < best.held.left.length ? one : best),
      null,
    );
  }

  /** Where nobody told the MTU, it may be that of the datagram's own packets, or a larger one that was cut for before a router did. */
  #mtusOf({ mtu }: Flow, packets: readonly CutPacket[]): number[] {
    if (typeof this.#mtus === 'number' || packets.length < 2) return [mtu];
    const [first] = byOffset(packets);
    const own = new FileMtu();
    for (const packet of packets) own.add(packet, 0);
    const least = own.of(first!, 0);
    const sizes = recutSizes(packets);
    const largest = (sizes && levelsOf(sizes)?.slice(1).at(-1)?.size) ?? 0;
    const before = first!.header.length + largest;
    return [mtu, ...(least < mtu ? [least] : []), ...(largest > 0 && before > mtu ? [before] : [])];
  }

  /** null: of what is not whole it would be another number of fragments, so that some are missing. */
  #cut(flow: Flow, { payload, whole }: Reading, packets: readonly CutPacket[]): Reference | null {
    const first = byOffset(packets)[0]!;
    const reference = this.#reference.cut(flow, placeOf(first).ident, payload);
    if (whole) return reference;
    if (reference.packets.length !== packets.length) return null;
    const sum = udp.getChecksum(viewOf(first.payload), udpOffset(first));
    return { ...reference, packets: withUdpChecksum(reference.packets, sum) };
  }
}

const NOTHING = new Uint8Array(0);
const CHECKSUM = 'udp-checksum';
const TWO_IDENTS =
  'its fragments have two idents, or are of two datagrams of the same octets that each lost the others';

function whereText([from, to]: readonly [number, number], via: string): string {
  const frames = from === to ? `frame ${from}` : `frames ${from} … ${to}`;
  return via === '' ? frames : `${frames}, ${via}`;
}

function untold({ of, where, packets }: Case, outcome: CutReport['outcome'], why: string): DatagramReport {
  return { of, where, cuts: [nothing(packets, outcome, why)] };
}

/** No loss makes a fragment end within eight octets where more follow. */
function withUnaligned(held: HeldCut, sorted: readonly CutPacket[]): HeldCut {
  const unaligned = sorted.flatMap((packet, i) => {
    const rest = placeOf(packet).more ? packet.payload.length % 8 : 0;
    const [field, length] = packetFields(packet).find(([name]) => name === 'length')!;
    return rest === 0 ? [] : [{ fragment: i + 1, field, from: `${Number(length) - rest}`, to: length }];
  });
  if (unaligned.length === 0) return held;
  const { differences, left } = held;
  return { ...held, outcome: 'different', differences: [...differences, ...unaligned], left: [...left, ...unaligned] };
}

function forSmallerMtu(held: HeldCut): HeldCut {
  const causes = [{ cause: SMALLER_MTU, differences: held.differences }, ...held.causes];
  return { ...held, causes, outcome: held.outcome === 'different' ? 'different' : 'unsure' };
}

function headersOf({ ttl, tos, flowLabel, options, extensionHeaders }: Flow): CompareCase['headers'] {
  return {
    ...{ ttl, tos, flowLabel },
    ...(options.length > 0 && { options }),
    ...(extensionHeaders.length > 0 && { extensionHeaders }),
  };
}

function nothing(packets: readonly CutPacket[], outcome: CutReport['outcome'], why: string | null): CutReport {
  return { way: FILE, outcome, held: null, reference: [], packets, why };
}
