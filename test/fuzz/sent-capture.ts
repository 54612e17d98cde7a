import { expectedDatagram, expectedPayload } from '../../src/app/common/sent.js';
import type { ExpectedDatagram } from '../../src/compare/expected.js';
import { makePayload } from '../../src/payload/generated.js';
import { createFlow, type FlowOptions } from '../../src/skb/flow.js';
import { flowInfo } from '../../src/socket/path/info.js';
import { flowHeaders } from '../../src/ufo/flow-headers.js';
import { segment } from '../../src/ufo/segment-datagram.js';
import { type Frame, frameData } from '../../src/wire/frame.js';
import * as ipv4 from '../../src/wire/ipv4.js';
import { fragmentOptions } from '../../src/wire/ipv4-options.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import { pattern } from '../verify/build.js';
import { hex, viewOf } from '../wire/helpers.js';
import type { Random } from './random.js';

/** A datagram of a sender, with what its sender says of it. */
export interface Sent {
  readonly family: 4 | 6;
  readonly mtu: number;
  readonly expected: ExpectedDatagram;
  readonly frames: readonly Frame[];
  /** Octets of a frame in front of the UDP header or of a later fragment's piece. */
  readonly headLens: readonly number[];
}

export const LINK_LEN = 14;
const LINKS = { 4: hex('0200000000020200000000010800'), 6: hex('02000000000202000000000186dd') } as const;
const MTUS = { 4: [68, 69, 296, 577, 1499, 1500], 6: [1280, 1287, 1499, 1500] } as const;
const OPTIONS = ['94040000', '44080500000000000707040000000000'].map(hex);
const CHAINS = [
  [{ type: 0, octets: hex('0000 0502 0000 0100') }],
  [
    { type: 0, octets: hex('0000 0502 0000 0100') },
    { type: 60, octets: hex('0000 010400000000') },
  ],
];
const MOST_SIZE = 3000;

/** One to four datagrams, those between two hosts cut for one MTU, each under an ident of its own. */
export function someSent(random: Random): Sent[] {
  const mtus = { 4: random.pick(MTUS[4]), 6: random.pick(MTUS[6]) };
  return Array.from({ length: 1 + random.below(4) }, (_, i) => {
    const family = random.pick([4, 6] as const);
    return oneSent(random, family, mtus[family], i);
  });
}

function oneSent(random: Random, family: 4 | 6, mtu: number, i: number): Sent {
  const [from, to] = family === 4 ? ['192.0.2.1', '192.0.2.2'] : ['2001:db8::1', '2001:db8::2'];
  const room = mtu - (family === 4 ? 28 : 48);
  const size = random.below(random.once(2) ? MOST_SIZE : random.pick([2, 20, room + 9]));
  const payload = random.once(2) ? makePayload(size, 1, i) : pattern(size, i);
  const more: Pick<FlowOptions, 'ttl' | 'tos' | 'options' | 'extensionHeaders'> = {
    ...{ ttl: 2 + random.below(250), tos: random.below(256) },
    ...(family === 4 && mtu > 100 && random.once(3) && { options: random.pick(OPTIONS) }),
    ...(family === 6 && random.once(3) && { extensionHeaders: random.pick(CHAINS) }),
  };
  const ident = 100 * (i + 1) + random.below(100);
  const ends = { sourcePort: 1000 + i, destinationPort: 9000 + i };
  const flow = createFlow({ ...more, ...ends, source: from, destination: to, mtu });
  const headers = flowHeaders(flow);
  const frames = [
    ...segment({
      ...{ source: { address: from, port: ends.sourcePort }, destination: { address: to, port: ends.destinationPort } },
      ...{ ...more, payload, mtu, ident, linkHeader: LINKS[family] },
    }),
  ].map((frame) => ({ ...frame, bytes: frameData(frame).slice(), offset: 0 }));
  const cut = frames.length > 1;
  const { gsoSize, networkLen, chainLen } = headers;
  const result = { why: '', driver: 'pcap-file', fragmentsSent: frames.length, octets: size } as const;
  const way = cut ? 'software-ufo' : 'unfragmented';
  const named = { way, ident: cut || family === 4 ? ident : null, gsoSize, fragments: frames.length } as const;
  const headLen = LINK_LEN + networkLen + (cut && family === 6 ? 8 : 0);
  return {
    ...{ family, mtu, frames },
    headLens: frames.map((_, n) => headLen + (n === 0 ? chainLen + 8 : 0)),
    expected: expectedDatagram(flowInfo(flow, true), { ...result, ...named }, expectedPayload(payload)),
  };
}

/** The frames of all, each datagram's behind the others', mixed with them, or in any order; a millisecond apart. */
export function captureOf(sent: readonly (readonly Frame[])[], random: Random, how: 'in turn' | 'mixed'): Frame[] {
  const frames = sent.flat();
  if (how === 'mixed') {
    for (let i = frames.length - 1; i > 0; i--) {
      const other = random.below(i + 1);
      [frames[i], frames[other]] = [frames[other]!, frames[i]!];
    }
  }
  return frames.map((frame, i) => ({ ...frame, seconds: 1000 + Math.floor(i / 1000), nanoseconds: (i % 1000) * 1e6 }));
}

/** What a router with a smaller MTU behind it makes of an IPv4 packet (RFC 791 §3.2). */
export function cutAgain(frame: Frame, mtu: number): Frame[] {
  const packet = frame.bytes.subarray(LINK_LEN);
  const headerLen = ipv4.getHeaderLen(viewOf(packet), 0);
  const size = (mtu - headerLen) & ~7;
  const out: Frame[] = [];
  for (let at = headerLen; at < packet.length; at += size) {
    const bytes = Uint8Array.from([
      ...frame.bytes.subarray(0, LINK_LEN + headerLen),
      ...packet.subarray(at, at + size),
    ]);
    const view = new DataView(bytes.buffer, LINK_LEN);
    if (at > headerLen) fragmentOptions(bytes.subarray(LINK_LEN), ipv4.OPTIONS, headerLen - ipv4.OPTIONS);
    ipv4.setTotLen(view, 0, bytes.length - LINK_LEN);
    const word = ipv4.getFragWord(viewOf(packet), 0) + ((at - headerLen) >> 3);
    ipv4.setFragOff(view, 0, word | (at + size < packet.length ? ipv4.MF : 0));
    ipv4.fillChecksum(view, 0);
    out.push({ ...frame, bytes, caplen: bytes.length, len: bytes.length, linktype: LINKTYPE_ETHERNET });
  }
  return out;
}

/** The frame with an octet changed. */
export function withOctet(frame: Frame, at: number, change: (octet: number) => number): Frame {
  const bytes = frame.bytes.slice();
  bytes[at] = change(bytes[at]!);
  return { ...frame, bytes };
}
