import type { Reference } from '../../compare/cuts/cause.js';
import { holdCut } from '../../compare/cuts/explain.js';
import { holdJoined } from '../../compare/cuts/joined.js';
import { type CutPacket, joined } from '../../compare/cuts/packet.js';
import { UfoError } from '../../errors.js';
import { placeOf, udpOffset } from '../../faults/packet.js';
import { findInterface } from '../../host/interfaces.js';
import { libc } from '../../host/libc.js';
import { makePayload } from '../../payload/generated.js';
import { createFlow, type Flow } from '../../skb/flow.js';
import { flowHeaders } from '../../ufo/flow-headers.js';
import { createIdentSource } from '../../ufo/ident.js';
import { parseAddress } from '../../wire/address.js';
import { HEADER_LEN as UDP_HEADER_LEN } from '../../wire/udp.js';
import type { CompareCase } from './cases.js';
import {
  type AbsentCutter,
  boundSocket,
  type Cutter,
  type Cutters,
  closeCutters,
  openCutters,
  sendTo,
} from './cutters.js';
import { ReferenceCutter } from './reference.js';
import type { CutReport, DatagramReport } from './report.js';
import type { Watch } from './watch.js';

export interface PairOptions {
  readonly family: 4 | 6;
  readonly interface: string;
  /** Literals; the destination of a source route is its first hop. */
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  /** What the way there carries: the kernel's IPv4 cuts at it, whatever a case asks for. */
  readonly mtu: number;
  readonly watch: Watch;
  readonly signal: AbortSignal;
}

/** Marks go to a port where nobody listens (RFC 863). */
const DISCARD = 9;
/** What was lost on the way to the capture is sent again. */
const TRIES = 3;
const MARK = Buffer.from('udp-ufo mark');

/** What a cutter says to a datagram that is too long for it, or has headers that it does not take. */
const UNABLE = ['EMSGSIZE', 'EINVAL', 'EOPNOTSUPP'];

/** Why a datagram was not cut. */
interface Refusal {
  readonly outcome: 'refused' | 'unsure';
  readonly why: string;
}

/** One datagram, or several for a message, as one who cuts is given it. */
interface Shot {
  readonly cutter: Cutter;
  readonly flow: Flow;
  readonly ident: number;
  readonly payloads: readonly Uint8Array[];
  readonly reference: Reference;
}

/** Two hosts, and everybody who cuts datagrams between them: each case goes by each, past one watch. */
export class Pair implements AsyncDisposable {
  readonly absent: readonly AbsentCutter[];
  readonly #options: PairOptions;
  readonly #cutters: readonly Cutter[];
  readonly #reference = new ReferenceCutter();
  readonly #idents = createIdentSource();
  readonly #ifindex: number;
  readonly #mark: { readonly fd: number; readonly port: number };
  readonly #sourcePort: number;
  #sequence = 0;

  private constructor(options: PairOptions, { cutters, absent }: Cutters, ifindex: number) {
    this.#options = options;
    this.#cutters = cutters;
    this.absent = absent;
    this.#ifindex = ifindex;
    const source = parseAddress(options.source)!.octets;
    this.#mark = boundSocket(options.family, source, ifindex);
    try {
      const { fd, port } = boundSocket(options.family, source, ifindex);
      libc().close(fd); // the kernel's cutter binds to it anew for each datagram
      this.#sourcePort = port;
    } catch (error) {
      libc().close(this.#mark.fd);
      throw error;
    }
  }

  /** @throws UfoError EPERM without CAP_NET_RAW; an unknown interface */
  static async open(options: PairOptions): Promise<Pair> {
    const { ifindex } = await findInterface(options.interface);
    const opened = await openCutters(options.interface, options.family, options.signal);
    try {
      return new Pair(options, opened, ifindex);
    } catch (error) {
      await closeCutters(opened.cutters).catch(() => undefined); // what came first is told
      throw error;
    }
  }

  /** Sends the case by everybody, one after the other. @throws what a bad case throws: EMSGSIZE, argument errors */
  async compare(one: CompareCase): Promise<DatagramReport> {
    const { source, destination, port: destinationPort, watch } = this.#options;
    const { family, mtu, size, headers } = one;
    const sourcePort = this.#sourcePort;
    const flow = createFlow({ source, sourcePort, destination, destinationPort, mtu, ...headers });
    const payload = makePayload(size, family, this.#sequence++);
    watch.follow(source, sourcePort, this.#mark.port);
    const shots = this.#cutters
      .filter(({ together }) => together === 1 || mayBeJoined(flow, size))
      .map((cutter) => this.#shot(cutter, flow, payload));
    const cuts = await this.#cutByAll(shots);
    return { of: one, where: null, cuts };
  }

  /** Each under an ident of its own, so that nobody puts fragments of two together. */
  #shot(cutter: Cutter, flow: Flow, payload: Uint8Array): Shot {
    const ident = flow.family === 4 ? this.#idents.next4() : this.#idents.next6();
    const { together } = cutter;
    const cut = (one: Uint8Array): Reference => this.#reference.cut(flow, ident, one);
    if (together === 1) return { cutter, flow, ident, payloads: [payload], reference: cut(payload) };
    const { family } = flow;
    const last = payload.length - 1; // of a message the last alone may be shorter
    const payloads = Array.from({ length: together }, (_, i) =>
      i === 0 ? payload : makePayload(i < together - 1 ? payload.length : last, family, this.#sequence++),
    );
    return { cutter, flow, ident, payloads, reference: message(payloads.map(cut)) };
  }

  /** By everybody at once; what was lost on the way to the capture once more, by itself. */
  async #cutByAll(shots: readonly Shot[]): Promise<CutReport[]> {
    const { watch, signal } = this.#options;
    const refusals: (Refusal | null)[] = [];
    for (const shot of shots) {
      signal.throwIfAborted();
      refusals.push(await this.#send(shot));
    }
    const took = shots.filter((_, i) => refusals[i] === null);
    const slices = await watch.take(took.length, (all) =>
      all.every((packets, i) => isAll(packets, took[i]!.reference)),
    );
    const cuts: CutReport[] = [];
    for (const [i, shot] of shots.entries()) {
      const refusal = refusals[i] ?? null;
      if (refusal === null) cuts.push(await this.#judge(shot, slices[took.indexOf(shot)] ?? []));
      else cuts.push({ ...nothing(shot), ...refusal });
    }
    return cuts;
  }

  /** Sends it, and a mark behind it; null, or why it was not taken. */
  async #send({ cutter, flow, ident, payloads }: Shot): Promise<Refusal | null> {
    const { mtu, destination } = this.#options;
    if (cutter.way === 'kernel-ip' && flow.family === 4 && flow.mtu !== mtu) {
      return { outcome: 'refused', why: `an IPv4 socket cuts for the MTU of the route, ${mtu}` };
    }
    try {
      await cutter.send(flow, ident, payloads);
    } catch (error) {
      if (!(error instanceof UfoError)) throw error;
      return { outcome: isUnable(error) ? 'refused' : 'unsure', why: error.message };
    }
    sendTo(this.#mark.fd, parseAddress(destination)!.octets, DISCARD, MARK, this.#ifindex);
    return null;
  }

  async #judge(shot: Shot, slice: readonly CutPacket[]): Promise<CutReport> {
    const { cutter, reference } = shot;
    let packets = slice;
    for (let tries = 1; tries < TRIES && !isAll(packets, reference); tries++) {
      if ((await this.#send(shot)) !== null) break;
      [packets = []] = await this.#options.watch.take(1, ([one = []]) => isAll(one, reference));
    }
    if (!isAll(packets, reference)) {
      const why = `${joined(packets).length} of ${reference.whole.payload.length} octets were seen`;
      return { ...nothing(shot), packets, outcome: 'lost', why };
    }
    const hold = cutter.together > 1 ? holdJoined : holdCut;
    const held = hold(reference, packets, cutter.way);
    return { ...nothing(shot), outcome: held.outcome, held, packets };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    libc().close(this.#mark.fd);
    await closeCutters(this.#cutters);
  }
}

/** Only what fits the MTU, is not empty and has a checksum can be joined (`udp_send_skb`). */
function mayBeJoined(flow: Flow, size: number): boolean {
  const { networkLen, chainLen } = flowHeaders(flow);
  return size > 1 && flow.checksum && networkLen + chainLen + UDP_HEADER_LEN + size <= flow.mtu;
}

/** Of datagrams that each make one packet: the packets behind each other, all octets as one. */
function message(each: readonly Reference[]): Reference {
  const packets = each.flatMap((one) => one.packets);
  const [{ family, mtu, whole }] = each as [Reference];
  return { family, mtu, whole: { ...whole, payload: joined(packets) }, packets };
}

/** Whether a datagram is none that this cutter takes; any other failure leaves open how it would have cut it. */
function isUnable({ code }: UfoError): boolean {
  return UNABLE.includes(code) || code.startsWith('ERR_UFO_');
}

function nothing({ cutter, reference }: Shot): Omit<CutReport, 'outcome'> {
  return { way: cutter.way, held: null, reference: reference.packets, packets: [], why: null };
}

/** Whether nothing is missing: as many octets as there are, headers that somebody repeats in each fragment not counted. */
function isAll(packets: readonly CutPacket[], { whole }: Reference): boolean {
  const octets = joined(packets).length;
  if (packets.length === 0) return false;
  const last = packets.some((packet) => !placeOf(packet).more);
  return octets >= whole.payload.length || (last && octets >= whole.payload.length - udpOffset(whole));
}
