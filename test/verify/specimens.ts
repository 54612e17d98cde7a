import { Expectation } from '../../src/compare/expectation.js';
import { makePayload } from '../../src/payload/generated.js';
import type { Code } from '../../src/verify/codes.js';
import type { Finding } from '../../src/verify/findings.js';
import { Recount } from '../../src/verify/recount.js';
import { Verifier, type VerifierOptions } from '../../src/verify/verifier.js';
import { foldSum, pseudoHeaderSum } from '../../src/wire/checksum.js';
import type { Frame } from '../../src/wire/frame.js';
import * as ipv4 from '../../src/wire/ipv4.js';
import * as ipv6 from '../../src/wire/ipv6.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import * as udp from '../../src/wire/udp.js';
import {
  cuts,
  type Flow,
  flow4,
  flow6,
  fragment,
  fragments,
  frame,
  type Oddity,
  pattern,
  udpPacket,
  whole,
} from './build.js';
import { hex, join, MACS } from './wraps.js';

const payload4 = udpPacket(flow4, pattern(4000));
const payload6 = udpPacket(flow6, pattern(4000));
const whole4 = whole(flow4, udpPacket(flow4, pattern(100)));
const whole6 = whole(flow6, udpPacket(flow6, pattern(100)));
const pieces4 = fragments(flow4, payload4);

/** What is found in the packets; they come a microsecond after each other. */
function found(packets: readonly Uint8Array[], options: VerifierOptions = {}): Finding[] {
  return foundIn(
    packets.map((packet, i) => frame(packet, 1 + i * 1e-6)),
    options,
  );
}

function foundIn(frames: readonly Frame[], options: VerifierOptions = {}): Finding[] {
  const verifier = new Verifier({ hash: false, ...options });
  return [...verifier.push(frames), ...verifier.end()].flatMap(({ findings }) => findings);
}

/** A copy of the IPv4 packet with octets changed; the header checksum is right again. */
function with4(packet: Uint8Array, change: (view: DataView, octets: Uint8Array) => void): Uint8Array {
  const copy = packet.slice();
  const view = new DataView(copy.buffer);
  change(view, copy);
  if (copy.length >= ipv4.HEADER_LEN && ipv4.getHeaderLen(view, 0) >= ipv4.HEADER_LEN) ipv4.fillChecksum(view, 0);
  return copy;
}

function changed(packet: Uint8Array, change: (view: DataView, octets: Uint8Array) => void): Uint8Array {
  const copy = packet.slice();
  change(new DataView(copy.buffer), copy);
  return copy;
}

/** Fragments of which each may have its oddity. */
function odd(flow: Flow, oddities: readonly Oddity[]): Uint8Array[] {
  const payload = flow.family === 4 ? payload4 : payload6;
  return cuts(payload.length, 1480).map((piece, i) => fragment(flow, payload, piece, oddities[i] ?? {}));
}

/** An IPv6 packet of extension headers and a datagram; the header before it must name 17. */
function behind(nextHeader: number, extensions: readonly number[], payloadLen?: number): Uint8Array {
  const packet = new Uint8Array(ipv6.HEADER_LEN + extensions.length + 108);
  packet.set(whole6.subarray(0, ipv6.HEADER_LEN));
  packet.set(extensions, ipv6.HEADER_LEN);
  packet.set(whole6.subarray(ipv6.HEADER_LEN), ipv6.HEADER_LEN + extensions.length);
  const view = new DataView(packet.buffer);
  ipv6.setNextHeader(view, 0, nextHeader);
  ipv6.setPayloadLen(view, 0, payloadLen ?? packet.length - ipv6.HEADER_LEN);
  return packet;
}

/** Fragments of an IPv6 chain behind the fragment header. */
function chain6(protocol: number, octets: readonly number[], gsoSize: number): Uint8Array[] {
  const all = Uint8Array.of(...octets, ...payload6);
  return cuts(all.length, gsoSize).map((piece) => fragment(flow6, all, piece, { protocol }));
}

function ethernet(packet: Uint8Array, destination: number): Frame {
  const bytes = new Uint8Array(14 + packet.length);
  bytes.set([2, 0, 0x5e, 0, 0x53, destination, 2, 0, 0x5e, 0, 0x53, 1, 8, 0]);
  bytes.set(packet, 14);
  return { ...frame(bytes), linktype: LINKTYPE_ETHERNET };
}

function uncomputed(payload: Uint8Array): Uint8Array {
  const packet = udpPacket(flow4, payload);
  const sum = foldSum(pseudoHeaderSum(flow4.source, flow4.destination, udp.PROTOCOL, packet.length));
  udp.setChecksum(new DataView(packet.buffer), 0, sum);
  return whole(flow4, packet);
}

/** What a comparison finds in a datagram with this payload. */
function compared(payload: Uint8Array, expectation: Expectation): Finding[] {
  const recount = new Recount(expectation);
  const verifier = new Verifier({ hash: false, sightings: true });
  const verdicts = [...verifier.push([frame(whole(flow4, udpPacket(flow4, payload)))]), ...verifier.end()];
  return verdicts.flatMap((verdict) => recount.take(verdict).findings);
}

const generated = (payload: Uint8Array): Finding[] => compared(payload, new Expectation([], { generated: 'all' }));

/**
 * Datagrams of two fragments with idents counted in eight bits; of the 6th one half, of the one that has its ident again the
 * other.
 */
function idents(secondOf: 0 | 1): Finding[] {
  const verifier = new Verifier({ hash: false });
  const all: Finding[] = [];
  for (let i = 0; i < 300; i++) {
    const flow = { ...flow4, ident: i & 0xff };
    const pieces = fragments(flow, udpPacket(flow, pattern(50, i >> 8)), 32);
    const sent = i === 5 ? [pieces[0]!] : i === 5 + 256 ? [pieces[secondOf]!] : pieces;
    for (const { findings } of verifier.push(sent.map((packet) => frame(packet, 1 + i * 1e-6)))) all.push(...findings);
  }
  return [...all, ...verifier.end().flatMap(({ findings }) => findings)];
}

/** More overlapping fragments than a packet can have. */
function crowd(): Uint8Array[] {
  return Array.from({ length: 8300 }, (_, i) =>
    fragment(flow4, pattern(32, i), { offset: 0, len: 24 + 8 * (i % 2), more: true }),
  ).map((packet, i) => changed(packet, (view) => view.setUint32(24, i)));
}

const security = Uint8Array.of(130, 4, 1, 2);
const A = { offset: 0, len: 1480, more: true };
const piece = (offset: number, len: number, more: boolean): Uint8Array =>
  fragment(flow4, payload4, { offset, len, more });

/** For every code there is a capture that shows it. */
export const SPECIMENS: Readonly<Record<Code, () => readonly Finding[]>> = {
  'ip-version': () => found([changed(whole4, (_, octets) => (octets[0] = 0x55))]),
  'ip-header-cut': () => found([whole4.slice(0, 12)]),
  'ip-header-length': () => found([changed(whole4, (_, octets) => (octets[0] = 0x44))]),
  'ip-total-length': () => found([with4(whole4, (view) => ipv4.setTotLen(view, 0, 10))]),
  'ip-length-past-frame': () => found([with4(whole4, (view) => ipv4.setTotLen(view, 0, 1500))]),
  'header-checksum': () => found([pieces4[0]!, changed(pieces4[1]!, (view) => ipv4.setChecksum(view, 0, 0x1234))]),
  'reserved-flag': () => found([with4(whole4, (view) => view.setUint16(6, 0x8000))]),
  'ip-option': () => found([fragment(flow4, payload4, A, { options: Uint8Array.of(131, 7, 3, 192, 0, 2, 9, 0) })]),
  'ip-option-not-copied': () => found(odd(flow4, [{}, { options: Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 1) }])),
  'ip-options-differ': () => found(odd(flow4, [{ options: security }, { options: security }])),
  'df-differs': () => found(odd(flow4, [{}, {}, { dontFragment: true }])),
  'header-chain-order': () => found([behind(60, [0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0])]),
  'header-chain-length': () => found([behind(60, [17, 60, 1, 4, 0, 0, 0, 0])]),
  'header-chain-cut': () => found(chain6(60, [17, 2, 1, 20, ...new Uint8Array(20)], 16)),
  'fragment-header-place': () => found(chain6(43, [17, 2, 0, 0, 0, 0, 0, 0, ...flow6.destination], 1480)),
  'fragment-reserved-bits': () =>
    found([changed(fragment(flow6, payload6, A), (view) => view.setUint16(42, view.getUint16(42) | 2))]),
  'ipv6-option-overrun': () => found([behind(60, [17, 0, 30, 10, 0, 0, 0, 0])]),
  'ipv6-option-discard': () => found([behind(60, [17, 0, 0x9e, 4, 0, 0, 0, 0])]),
  'jumbo-length': () => found([behind(0, [17, 0, 0xc2, 4, 0, 0, 0, 100], 0)]),
  'ipv6-option-length': () => found([behind(0, [17, 0, 5, 4, 0, 0, 0, 0])]),
  'routing-type': () => found([behind(43, [17, 0, 9, 1, 0, 0, 0, 0])]),
  'routing-segments': () => found([behind(43, [17, 4, 0, 9, ...new Array<number>(36).fill(0)])]),
  'fragment-past-65535': () => found([piece(0, 1480, true), piece(1480, 1480, true), piece(65_528, 1000, false)]),
  'fragment-empty': () => found([piece(0, 1480, true), piece(1480, 0, true)]),
  'fragment-length': () => found([piece(0, 1477, true)]),
  'fragment-end-differs': () => found([piece(0, 1480, true), piece(3600, 8, false), piece(2960, 1048, false)]),
  'fragment-past-end': () => found([piece(0, 1480, true), piece(2960, 1048, false), piece(4008, 8, true)]),
  'fragment-overlap': () => found([piece(0, 1480, true), piece(1472, 1480, true)]),
  'fragment-conflict': () =>
    found([piece(0, 1480, true), changed(piece(0, 1488, true), (_, octets) => (octets[99]! ^= 1))]),
  'udp-header': () => found([whole(flow4, new Uint8Array(4))]),
  'udp-length': () =>
    found([
      whole(
        flow4,
        changed(payload4, (view) => view.setUint16(4, 5000)),
      ),
    ]),
  'udp-checksum': () =>
    found([
      whole(
        flow4,
        changed(payload4, (view) => view.setUint16(6, 0x1234)),
      ),
    ]),
  'udp-checksum-zero': () =>
    found([
      whole(
        flow6,
        changed(payload6, (view) => view.setUint16(6, 0)),
      ),
    ]),
  'udp-checksum-zero-tunnel': () => {
    const vxlan = join(hex('08000000 00002a00'), MACS, hex('0800'), whole4);
    return found([
      whole(
        flow6,
        changed(udpPacket(flow6, vxlan, [50_000, 4789]), (view) => view.setUint16(6, 0)),
      ),
    ]);
  },
  'upper-header': () => found(fragments({ ...flow4, protocol: 6 }, new Uint8Array(16), 8)),
  'upper-checksum': () => found(fragments({ ...flow4, protocol: 1 }, pattern(2000))),
  'payload-foreign': () => generated(pattern(100)),
  'payload-length': () => generated(makePayload(100, 1, 0).subarray(0, 90)),
  'payload-octet': () => generated(changed(makePayload(100, 1, 0), (_, octets) => (octets[50]! ^= 1))),
  'not-as-sent': () => compared(pattern(100), new Expectation([{ ident: 8, payload: { length: 100 } }])),
  'ttl-differs': () => found(odd(flow4, [{}, { ttl: 63 }])),
  'ttl-zero': () => found([with4(whole4, (view) => view.setUint8(8, 0))]),
  'tos-differs': () => found(odd(flow6, [{}, { tos: 3 }])),
  'flow-label-differs': () => found(odd(flow6, [{}, { flowLabel: 7 }])),
  'next-header-differs': () => found(odd(flow6, [{}, { protocol: 6 }])),
  'extension-headers-differ': () =>
    found(odd(flow6, [{ extensions: { nextHeader: 0, octets: Uint8Array.of(44, 0, 1, 4, 0, 0, 0, 0) } }])),
  'address-special': () => found([whole({ ...flow4, source: Uint8Array.of(224, 0, 0, 1) }, payload4)]),
  'udp-port-zero': () => found([whole(flow6, udpPacket(flow6, pattern(9), [1111, 0]))]),
  'ip-option-special': () =>
    found([fragment(flow4, payload4, A, { options: Uint8Array.of(131, 7, 8, 192, 0, 2, 9, 0) })]),
  'routing-type-special': () => found([behind(43, [17, 2, 4, 1, ...new Array<number>(20).fill(0)])]),
  'authentication-not-checked': () => found([behind(51, [17, 4, ...new Array<number>(22).fill(0)])]),
  'ipv6-options-many': () => found([behind(60, [17, 2, ...new Array(9).fill([30, 0]).flat(), 1, 2, 0, 0])]),
  'destination-mac-differs': () =>
    foundIn(odd(flow4, [{}, { ttl: 63 }]).map((packet, i) => ethernet(packet, i === 1 ? 9 : 2))),
  'ipv6-option-special': () => found([behind(0, [17, 0, 0x63, 4, 0, 0, 0, 0])]),
  'ipv6-padding': () => found([behind(60, [17, 0, 1, 4, 0, 0, 0, 1])]),
  'cut-by-capture': () => foundIn([frame(pieces4[0]!, 1, 100)]),
  'given-up': () => found(pieces4.slice(1)),
  'header-checksum-not-computed': () => found([changed(whole4, (view) => ipv4.setChecksum(view, 0, 0))]),
  'checksum-not-computed': () => found([uncomputed(pattern(100))]),
  'length-not-written': () => found([with4(whole4, (view) => ipv4.setTotLen(view, 0, 0))]),
  offloaded: () => found([uncomputed(Buffer.concat([0, 1, 2].map((i) => makePayload(1400, 1, i))))]),
  'jumbo-or-offloaded': () => foundIn([ethernet(whole(flow4, payload4), 2)]),
  'udp-surplus': () => found([whole(flow4, Uint8Array.of(...udpPacket(flow4, pattern(100)), 0, 0, 0))]),
  'ident-came-again': () => idents(0),
  spliced: () => idents(1),
  'fragments-left-out': () => found(crowd()),
  'left-out': () => found(Array.from({ length: 80 }, (_, i) => piece(0, 16 + 8 * i, true))),
};
