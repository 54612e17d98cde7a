import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Verifier } from '../../src/verify/verifier.js';
import { flow4, flow6, fragments, frame, pattern } from './build.js';

/** The checksum of RFC 1071 over the octets, in a few lines of its own. */
function checksumOf(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 2) sum += part[at]! * 256 + (part[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000);
  return ~sum & 0xffff;
}

interface Kind {
  readonly name: string;
  readonly protocol: number;
  readonly families: readonly (4 | 6)[];
  readonly headerLen: number;
  readonly field: number;
  readonly pseudo: boolean;
}
const KINDS: readonly Kind[] = [
  { name: 'icmp', protocol: 1, families: [4], headerLen: 8, field: 2, pseudo: false },
  { name: 'igmp', protocol: 2, families: [4], headerLen: 8, field: 2, pseudo: false },
  { name: 'tcp', protocol: 6, families: [4, 6], headerLen: 20, field: 16, pseudo: true },
  { name: 'icmpv6', protocol: 58, families: [6], headerLen: 4, field: 2, pseudo: true },
  { name: 'udp-lite', protocol: 136, families: [4, 6], headerLen: 8, field: 6, pseudo: true },
];

/** A packet of that kind with its checksum, over `covered` octets of it. */
function packetOf(
  { protocol, field, pseudo }: Kind,
  family: 4 | 6,
  len: number,
  covered = len,
  coverage = 0,
): Uint8Array {
  const packet = pattern(len);
  const view = new DataView(packet.buffer);
  if (protocol === 136 && len >= 6) view.setUint16(4, coverage);
  if (len < field + 2) return packet;
  view.setUint16(field, 0);
  const { source, destination } = family === 4 ? flow4 : flow6;
  const ends = pseudo ? [source, destination, Uint8Array.of(0, protocol, len >> 8, len & 255)] : [];
  const sum = checksumOf(...ends, packet.subarray(0, covered));
  view.setUint16(field, protocol === 136 && sum === 0 ? 0xffff : sum);
  return packet;
}

function judge(kind: Kind, family: 4 | 6, packet: Uint8Array) {
  const flow = { ...(family === 4 ? flow4 : flow6), protocol: kind.protocol };
  const verifier = new Verifier({ hash: false });
  const frames = fragments(flow, packet, packet.length > 24 ? 24 : 8).map((octets) => frame(octets));
  const [verdict] = [...verifier.push(frames), ...verifier.end()];
  return { verdict: verdict!.verdict, mismatches: verdict!.mismatches };
}

describe('a fragmented packet of another protocol', () => {
  for (const kind of KINDS) {
    for (const family of kind.families) {
      it(`${kind.name} over IPv${family} is good with its checksum, and bad with any octet changed`, () => {
        for (const len of [60, 61]) {
          const packet = packetOf(kind, family, len);
          assert.deepEqual(judge(kind, family, packet), { verdict: 'good', mismatches: [] });
          for (const at of [kind.field, kind.field + 1, len - 1, len - 2]) {
            const wrong = packet.slice();
            wrong[at]! ^= 4;
            const want = new DataView(packet.buffer).getUint16(kind.field);
            const { verdict, mismatches } = judge(kind, family, wrong);
            assert.equal(verdict, 'bad');
            assert.match(mismatches[0]!, new RegExp(`${kind.name} checksum got 0x[0-9a-f]{4}, want 0x`));
            if (at === kind.field)
              assert.match(mismatches[0]!, new RegExp(`want 0x${want.toString(16).padStart(4, '0')}`));
          }
        }
      });
    }
  }

  it('needs its header', () => {
    const tcp = KINDS.find(({ name }) => name === 'tcp')!;
    for (const family of tcp.families) {
      const { verdict, mismatches } = judge(tcp, family, pattern(19));
      assert.equal(verdict, 'bad');
      assert.ok(mismatches.includes('tcp header got 19 octets, want 20') || family === 6, mismatches.join());
    }
    assert.equal(judge(tcp, 4, packetOf(tcp, 4, 25)).verdict, 'good');
  });

  it('udp-lite is summed as far as it says: 0 is all, less than its header or more than there is wrong', () => {
    const kind = KINDS.find(({ name }) => name === 'udp-lite')!;
    for (const family of [4, 6] as const) {
      for (const covered of [8, 9, 30, 60]) {
        const packet = packetOf(kind, family, 60, covered, covered);
        assert.equal(judge(kind, family, packet).verdict, 'good', `${covered}`);
        if (covered < 60) packet[59]! ^= 1; // which nothing covers
        assert.equal(judge(kind, family, packet).verdict, 'good', `${covered}`);
        packet[covered - 1]! ^= 1;
        assert.equal(judge(kind, family, packet).verdict, 'bad', `${covered}`);
      }
      for (const coverage of [1, 7, 61, 65_535]) {
        const { mismatches } = judge(kind, family, packetOf(kind, family, 60, 60, coverage));
        assert.deepEqual(mismatches, [`udp-lite coverage got ${coverage}, want 0 or 8 … 60`]);
      }
      const none = packetOf(kind, family, 60);
      none.fill(0, 6, 8);
      assert.equal(judge(kind, family, none).verdict, 'bad'); // RFC 3828 3.1: there must be one
    }
  });

  it('nothing is known of is only put together', () => {
    for (const family of [4, 6] as const) {
      assert.equal(judge({ ...KINDS[0]!, protocol: 200 }, family, pattern(60)).verdict, 'reassembled');
    }
  });
});
