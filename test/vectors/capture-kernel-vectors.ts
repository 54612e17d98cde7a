/**
 * Writes kernel-vectors.jsonl, the kernel in the first line, then a vector a line: datagrams cut by the kernel this runs on, of
 * its UDP sockets and of its UFO.
 *
 *     npm run build && udp-ufo lab -- node dist/test/vectors/capture-kernel-vectors.js > test/vectors/kernel-vectors.jsonl
 */
import { release } from 'node:os';
import { pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import type { ExtensionHeader } from '../../src/skb/flow.js';
import { DESTINATION, HOP, SEGMENTS } from '../ufo/flows.js';
import { hex, toHex } from '../wire/helpers.js';
import { cutBySocket, cutByUfo, labFlow } from './kernel-cut.js';
import { describePacket, headLen, type KernelVector, payloadOf } from './kernel-vector.js';

/** Lengths by MTU: unfragmented, one octet over, the last piece in every remainder that rounding touches, many pieces. */
const LENGTHS: readonly [mtu: number, lengths4: readonly number[], lengths6: readonly number[]][] = [
  [68, [0, 1, 40, 41, 88, 89, 3000], []],
  [575, [547, 548, 1096, 1097, 1099, 1100, 8192], []],
  [1280, [1252, 1253, 8192], [1232, 1233, 2456, 2457, 8192, 65_527]],
  [1499, [1471, 1472, 2936, 2937, 2940, 2943, 2944, 8192], [1451, 1452, 2880, 2883, 2884, 8192]],
  [1500, [0, 1, 1472, 1473, 2952, 2953, 8192, 65_507], [0, 1, 1452, 1453, 2888, 2889, 2890, 2892, 2893, 65_527]],
  [9000, [8972, 8973, 65_507], [8952, 8953, 65_527]],
];

/** Options as they are to stand on the wire. */
const OPTIONS: readonly [name: string, options: string][] = [
  ['router alert', '94040000'],
  ['record route', '070b 04 0000000000000000 00'],
  ['stream id behind NOPs', '010101 8804002a 01'],
  ['loose source route', '8307 04 c6336407 01'],
  ['security and record route', '820b 0000000000000000 00 0707 04 00000000 0100'],
];

const CHAINS: readonly [name: string, headers: readonly ExtensionHeader[]][] = [
  ['hop-by-hop', [HOP]],
  ['destination options', [DESTINATION]],
  ['hop-by-hop and routing', [HOP, SEGMENTS]],
  ['destination, routing', [DESTINATION, SEGMENTS]],
  ['all of them', [HOP, DESTINATION, SEGMENTS, DESTINATION]],
];

const vectors: KernelVector[] = [];

function add(vector: Omit<KernelVector, 'packets'>, packets: readonly Uint8Array[]): void {
  if (packets.length === 0) throw new Error(`${vector.name}: nothing was seen`);
  const head = headLen(vector.family, vector.options, vector.extensionHeaders);
  vectors.push({ ...vector, packets: packets.map((packet) => describePacket(packet, head)) });
}

async function plain(family: 4 | 6, mtu: number, len: number): Promise<void> {
  const payload = payloadOf(len);
  const common = { family, mtu, len, options: '', extensionHeaders: [] };
  const what = `IPv${family}, MTU ${mtu}, ${len} octets`;
  const flow = labFlow(family, { mtu });
  add({ name: `socket, ${what}`, by: 'socket', ...common }, cutBySocket(flow, payload));
  const packetLen = len + (family === 4 ? 28 : 48);
  if (packetLen > mtu) add({ name: `ufo, ${what}`, by: 'ufo', ...common }, await cutByUfo(flow, 1 + len, payload));
}

function withOptions(mtu: number, len: number): void {
  for (const [name, options] of OPTIONS) {
    const packets = cutBySocket(labFlow(4, { mtu, options: hex(options) }), payloadOf(len));
    const onWire = toHex(packets[0]!.subarray(20, (packets[0]![0]! & 15) * 4));
    const common = { by: 'socket', family: 4, mtu, len, options: onWire, extensionHeaders: [] } as const;
    add({ name: `socket, IPv4, ${name}, MTU ${mtu}, ${len} octets`, ...common }, packets);
  }
}

function withChains(mtu: number, len: number): void {
  for (const [name, headers] of CHAINS) {
    const packets = cutBySocket(labFlow(6, { mtu, extensionHeaders: headers }), payloadOf(len));
    const extensionHeaders = headers.map(({ type, octets: value }) => [type, toHex(value)] as const);
    const common = { by: 'socket', family: 6, mtu, len, options: '', extensionHeaders } as const;
    add({ name: `socket, IPv6, ${name}, MTU ${mtu}, ${len} octets`, ...common }, packets);
  }
}

for (const [mtu, lengths4, lengths6] of LENGTHS) {
  await setLabMtu(mtu);
  if (mtu >= 1280) await pinNeighbours();
  for (const len of lengths4) await plain(4, mtu, len);
  for (const len of lengths6) await plain(6, mtu, len);
  if (mtu === 1499 || mtu === 1500) for (const len of [100, 4000]) withOptions(mtu, len);
  if (mtu === 1499 || mtu === 1500) for (const len of [100, 4000]) withChains(mtu, len);
}
const kernel = release().split('.', 2).join('.');
for (const line of [{ kernel }, ...vectors]) process.stdout.write(`${JSON.stringify(line)}\n`);
