import type { Reference } from '../../compare/cuts/cause.js';
import { SMALLER_MTU } from '../../compare/cuts/causes.js';
import { byOffset } from '../../compare/cuts/differences.js';
import { type HeldCut, holdCut } from '../../compare/cuts/explain.js';
import { FileMtu } from '../../compare/cuts/file-mtu.js';
import type { Gathered } from '../../compare/cuts/gathering.js';
import { assembled, type CutPacket, joined } from '../../compare/cuts/packet.js';
import { withUdpChecksum } from '../../compare/cuts/rebuild.js';
import { UfoError } from '../../errors.js';
import { placeOf, udpOffset, upperLayer, viewOf } from '../../faults/packet.js';
import type { Flow } from '../../skb/flow.js';
import { isExtension } from '../../wire/ipv6-extension.js';
import * as udp from '../../wire/udp.js';
import type { CompareCase, DatagramCase } from './cases.js';
import { flowOf, saidSize } from './file-flow.js';
import { ReferenceCutter } from './reference.js';
import type { CutReport, DatagramReport } from './report.js';

/** Who cut what is in a file nobody knows. */
const FILE = 'file';

/** What the fragments may be taken for: the payload, and whether all of it is there, so that its checksum can be told. */
interface Reading {
  readonly payload: Uint8Array;
  readonly whole: boolean;
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
  cutByCapture(family: 4 | 6 | null, frame: number): DatagramReport {
    const of = { family, mtu: null, size: null, what: 'a frame that is not whole', headers: {} };
    const why = 'the capture has cut the frame, or its lengths are those of no packet';
    return { of, where: `frame ${frame}`, cuts: [nothing([], 'unsure', why)] };
  }

  /** null: it is no UDP. */
  hold({ packets, frames, complete, beyond }: Gathered): DatagramReport | null {
    const sorted = byOffset(packets);
    const first = sorted[0]!;
    const { protocol } = upperLayer(first);
    if (protocol !== udp.PROTOCOL && !isExtension(protocol)) return null;
    const where = frames[0] === frames[1] ? `frame ${frames[0]}` : `frames ${frames[0]} … ${frames[1]}`;
    const mtu = typeof this.#mtus === 'number' ? this.#mtus : this.#mtus.of(first);
    const said = udpOffset(first) < 0 ? null : Math.max(0, saidSize(first));
    const of: DatagramCase = { family: first.family, mtu, size: said, what: '', headers: {} };
    const none = (outcome: 'lost' | 'unsure' | 'different', why: string): DatagramReport => {
      return { of, where, cuts: [nothing(packets, outcome, why)] };
    };
    if (beyond > 0) return none('unsure', `${beyond} packets more have its ident, too many to be kept`);
    if (placeOf(first).offset > 0) return none('lost', 'its first fragment is not in the file');
    if (first.family === 6 && packets.length > 1 && udpOffset(first) < 0) {
      return none('different', 'its first fragment does not hold all headers (RFC 7112)');
    }
    try {
      const flow = flowOf(first, packets.length > 1, mtu);
      if (typeof flow === 'string') return none('unsure', flow);
      const found = this.#nearest(flow, packets, readings(sorted, complete, said ?? 0));
      if (found === null) return none('lost', `${joined(sorted).length} octets are in the file, not all of ${said}`);
      const { held, reference, size } = found;
      const cut = { ...nothing(packets, held.outcome, null), held, reference: reference.packets };
      return { of: { ...of, size, headers: headersOf(flow) }, where, cuts: [cut] };
    } catch (error) {
      if (!(error instanceof UfoError)) throw error;
      return none('unsure', error.message);
    }
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

  /** Where nobody told the MTU, it may be that of the datagram's own packets. */
  #mtusOf({ mtu }: Flow, packets: readonly CutPacket[]): number[] {
    if (typeof this.#mtus === 'number' || packets.length < 2) return [mtu];
    const own = new FileMtu();
    for (const packet of packets) own.add(packet);
    const least = own.of(packets[0]!);
    return least < mtu ? [mtu, least] : [mtu];
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

/**
 * As the offsets have it; else, where one of them is wrong but no octet is missing, behind each other; else as many octets as
 * UDP says, of which a wrong length leaves some unknown.
 */
function readings(sorted: readonly CutPacket[], complete: boolean, said: number): Reading[] {
  const last = sorted.at(-1)!;
  const upper = udpOffset(sorted[0]!) + udp.HEADER_LEN;
  const end = Math.max(...sorted.map((packet) => placeOf(packet).offset + packet.payload.length));
  const all: Reading[] = [];
  if (complete) all.push({ payload: assembled(sorted, end).subarray(upper), whole: true });
  else if (joined(sorted).length === upper + said) all.push({ payload: joined(sorted).subarray(upper), whole: true });
  if (all[0]?.payload.length !== said && last !== sorted[0]) {
    all.push({ payload: assembled(sorted, upper + said).subarray(upper), whole: false });
  }
  return all;
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
