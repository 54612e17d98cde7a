import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makePayload } from '../../src/payload/generated.js';
import { Verifier } from '../../src/verify/verifier.js';
import { encodeCapture } from '../../src/wire/capture-encoder.js';
import { type CaptureKind, captureFormat } from '../../src/wire/capture-format.js';
import { CaptureReader } from '../../src/wire/capture-reader.js';
import { foldSum, pseudoHeaderSum } from '../../src/wire/checksum.js';
import { type Frame, frameData } from '../../src/wire/frame.js';
import * as ipv4 from '../../src/wire/ipv4.js';
import * as udp from '../../src/wire/udp.js';
import { cuts, type Flow, flow4, flow6, fragment, fragments, pattern, udpPacket, whole } from './build.js';
import { ethernet, etherType, join, WRAPS } from './wraps.js';

const missing = spawnSync('tshark', ['--version']).error ? 'tshark is not installed' : false;
const CASES = new URL('../../../test/cases/', import.meta.url);

/** Frames of one kind, and what they are. */
interface Kind {
  readonly name: string;
  readonly frames: readonly Frame[];
}

const onEthernet = (flow: Flow, packets: readonly Uint8Array[]): Frame[] =>
  packets.map((packet) => ethernet(join(etherType(flow.family), packet)));

function spoilt(packet: Uint8Array, at: number): Uint8Array {
  const copy = packet.slice();
  copy[at]! ^= 0x10;
  return copy;
}

/** The packet with the pseudo-header's sum alone in the checksum field. */
function uncomputed(flow: Flow, payload: Uint8Array): Uint8Array {
  const packet = udpPacket(flow, payload);
  const sum = foldSum(pseudoHeaderSum(flow.source, flow.destination, udp.PROTOCOL, packet.length));
  udp.setChecksum(new DataView(packet.buffer), 0, sum);
  return packet;
}

let ident = 5000;

function wrapped(): Kind[] {
  const kinds: Kind[] = [];
  for (const base of [flow4, flow6]) {
    for (const [i, [via, wrap]] of WRAPS.entries()) {
      const flow = { ...base, ident: ident++ };
      const packet = udpPacket(flow, pattern(700));
      const name = `IPv${flow.family} in ${via} (${i})`;
      const wraps = (packets: readonly Uint8Array[]): Frame[] => packets.map((one) => wrap(one, flow.family));
      kinds.push({ name: `${name}, whole`, frames: wraps([whole(flow, packet)]) });
      kinds.push({ name: `${name}, in fragments`, frames: wraps(fragments(flow, packet, 400)) });
      const bad = { ...flow, ident: ident++ };
      kinds.push({ name: `${name}, with a flipped octet`, frames: wraps(fragments(bad, spoilt(packet, 500), 400)) });
    }
  }
  return kinds;
}

function plain(): Kind[] {
  const kinds: Kind[] = [];
  for (const base of [flow4, flow6]) {
    const add = (what: string, make: (flow: Flow) => readonly Uint8Array[]): void => {
      const flow = { ...base, ident: ident++ };
      kinds.push({ name: `IPv${base.family} ${what}`, frames: onEthernet(flow, make(flow)) });
    };
    add('of 8,000 octets in one packet', (flow) => [whole(flow, udpPacket(flow, pattern(8000)))]);
    add('with the checksum not computed', (flow) => [whole(flow, uncomputed(flow, pattern(900)))]);
    add('offloaded', (flow) => [
      whole(flow, uncomputed(flow, Buffer.concat([0, 1, 2].map((i) => makePayload(1400, 1, i))))),
    ]);
    add('with a surplus area', (flow) => [whole(flow, join(udpPacket(flow, pattern(60)), pattern(10)))]);
    add('with a UDP length past its end', (flow) => {
      const packet = udpPacket(flow, pattern(60));
      new DataView(packet.buffer).setUint16(4, 500);
      return [whole(flow, packet)];
    });
    add('with equal overlap', (flow) => {
      const packet = udpPacket(flow, pattern(1600));
      const piece = (offset: number, len: number, more: boolean) => fragment(flow, packet, { offset, len, more });
      return [piece(0, 800, true), piece(792, 16, true), piece(800, 808, false)];
    });
    add('of another TTL in a fragment', (flow) => {
      const packet = udpPacket(flow, pattern(1600));
      return cuts(packet.length, 800).map((piece, i) => fragment(flow, packet, piece, { ttl: 64 - i }));
    });
    add('repeated fragments', (flow) => {
      const packets = fragments(flow, udpPacket(flow, pattern(1600)), 800);
      return [packets[0]!, packets[0]!, ...packets.slice(1)];
    });
  }
  const flow = { ...flow4, ident: ident++ };
  const options = Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 1);
  const packet = udpPacket(flow, pattern(1600));
  const withOptions = cuts(packet.length, 800).map((piece, i) =>
    fragment(flow, packet, piece, i === 0 ? { options } : {}),
  );
  kinds.push({ name: 'IPv4 with options', frames: onEthernet(flow, withOptions) });
  const unsummed = { ...flow4, ident: ident++ };
  const headers = fragments(unsummed, udpPacket(unsummed, pattern(1600)), 800);
  for (const one of headers) ipv4.setChecksum(new DataView(one.buffer), 0, 0);
  kinds.push({ name: 'IPv4 with header checksums not computed', frames: onEthernet(unsummed, headers) });
  const chain = Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0, ...udpPacket(flow6, pattern(1600)));
  const flowC = { ...flow6, ident: ident++, protocol: 60 };
  kinds.push({
    name: 'IPv6 with destination options behind the fragment header',
    frames: onEthernet(flowC, fragments(flowC, chain, 800)),
  });
  return kinds;
}

/** The captures of `test/cases`, each in a file of its own, for they have link types of their own. */
function cases(): { readonly name: string; readonly path: string; readonly frames: readonly Frame[] }[] {
  return readdirSync(CASES).map((name) => {
    const path = fileURLToPath(new URL(name, CASES));
    const reader = new CaptureReader();
    const frames = reader.push(readFileSync(path));
    reader.end();
    return { name, path, frames };
  });
}

/** UDP datagrams by the number of the frame that completes them: length and whether the checksum is right. */
function witness(path: string): Map<number, string[]> {
  const fields = ['frame.number', 'udp.length', 'udp.checksum.status'].flatMap((name) => ['-e', name]);
  const options = ['ip.check_checksum', 'udp.check_checksum', 'ip.defragment', 'ipv6.defragment'];
  const { stdout } = spawnSync(
    'tshark',
    [
      '-n',
      '-r',
      path,
      '-Y',
      'udp.length',
      '-T',
      'fields',
      ...fields,
      ...options.flatMap((name) => ['-o', `${name}:TRUE`]),
    ],
    { encoding: 'utf8', timeout: 120_000 },
  );
  const seen = new Map<number, string[]>();
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    const [number, lengths = '', states = ''] = line.split('\t');
    const status = states.split(',');
    seen.set(
      Number(number),
      lengths.split(',').map((length, i) => `${length} ${status[i]}`),
    );
  }
  return seen;
}

/** The same of our verdicts: 1 is good, 0 bad, 3 not there; like tshark, without a word on what is not whole. */
function ours(frames: readonly Frame[]): string[] {
  const verifier = new Verifier({ hash: false });
  const verdicts = [...verifier.push(frames), ...verifier.end()];
  const status = { good: '1', bad: '0', none: '3', 'not-computed': '0' };
  return verdicts.flatMap(({ udp: header, complete }) =>
    header === null || !complete ? [] : [`${header.length} ${status[header.checksum]}`],
  );
}

/** Where tshark is of another mind, and why; one that is here and does not differ any more is a fault of this list. */
const DIFFERENCES: ReadonlyMap<string, string> = new Map([
  ['IPv4 with a UDP length past its end', 'tshark takes it for cut, and sums nothing'],
  ['IPv6 with a UDP length past its end', 'tshark takes it for cut, and sums nothing'],
  ['IPv4 with header checksums not computed', 'tshark puts nothing together whose header checksums are not right'],
  ['c01-vlan-same-id.pcap', 'tshark takes fragments of two VLANs for repeated ones'],
  [
    'c20-v6-chain.hbh-second.pcap',
    'tshark reads a hop-by-hop header anywhere; RFC 8200 4.1 has it first, and Linux drops the packet',
  ],
  [
    'c28-jumbogram.plen0.pcap',
    'to tshark a payload length of 0 is no payload; captured before a device wrote it, it is the frame’s rest',
  ],
  ['c38-ip-options-malformed.pcap', 'tshark shows no UDP behind the one list of options that leads past the header'],
]);

function compare(
  kinds: readonly { readonly name: string; readonly ours: string[]; readonly theirs: string[] }[],
): void {
  const differ = kinds.filter((kind) => kind.ours.toSorted().join() !== kind.theirs.toSorted().join());
  const unlisted = differ.filter(({ name }) => !DIFFERENCES.has(name));
  assert.deepEqual(unlisted, [], 'tshark says otherwise, and nobody says why');
  const named = kinds.map(({ name }) => name).filter((name) => DIFFERENCES.has(name));
  assert.deepEqual(
    named,
    differ.map(({ name }) => name),
    'tshark agrees by now',
  );
}

describe('tshark as a witness on every kind of packet', { skip: missing }, () => {
  for (const format of ['pcap', 'pcapng'] as const satisfies readonly CaptureKind[]) {
    it(`agrees, but for what is listed, in a file of ${format}`, () => {
      const kinds = [...wrapped(), ...plain()];
      const directory = mkdtempSync(joinPath(tmpdir(), 'ufo-kinds-'));
      try {
        const all = kinds.flatMap(({ frames }) => frames).map((one, i) => ({ ...one, seconds: 1000 + i }));
        const path = joinPath(directory, `kinds.${format}`);
        writeFileSync(path, encodeCapture(all, captureFormat(format, { linktype: 1 })));
        const seen = witness(path);
        let number = 0;
        compare(
          kinds.map(({ name, frames }) => ({
            name,
            ours: ours(frames),
            theirs: frames.flatMap(() => seen.get(++number) ?? []),
          })),
        );
        assert.ok(seen.size >= kinds.length, `tshark saw ${seen.size} datagrams of ${kinds.length} kinds`);
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }

  it('agrees, but for what is listed, on the captures made by hand', () => {
    compare(
      cases().map(({ name, path, frames }) => ({
        name,
        ours: ours(frames),
        theirs: [...witness(path).values()].flat(),
      })),
    );
    assert.ok(cases().every(({ frames }) => frames.every((one) => frameData(one).length > 0)));
  });
});
