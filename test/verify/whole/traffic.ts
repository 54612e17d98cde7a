import { makePayload } from '../../../src/payload/generated.js';
import type { Frame } from '../../../src/wire/frame.js';
import { flow4, flow6, fragments, pattern, udpPacket, whole } from '../build.js';

/** Small numbers that look random, the same in every run of a seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 0x9e37_79b1) ^ 0x2545_f491) >>> 0 || 1;
  }

  /** 0 … below − 1. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  /** Once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const MACS = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
const SLL = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];

/** What stands in front of IP packets of link types and tags, by name. */
export const LINKS: Readonly<Record<string, { linktype: number; front: (six: boolean) => number[] }>> = {
  ethernet: { linktype: 1, front: (six) => [...MACS, ...etherType(six)] },
  vlan: { linktype: 1, front: (six) => [...MACS, 0x81, 0, 0x20, 7, ...etherType(six)] },
  'two tags': { linktype: 1, front: (six) => [...MACS, 0x88, 0xa8, 0, 100, 0x81, 0, 0, 200, ...etherType(six)] },
  'five tags': {
    linktype: 1,
    front: (six) => [...MACS, ...Array.from({ length: 5 }, (_, i) => [0x81, 0, 0, i + 1]).flat(), ...etherType(six)],
  },
  snap: { linktype: 1, front: (six) => [...MACS, 5, 0xc0, 0xaa, 0xaa, 3, 0, 0, 0, ...etherType(six)] },
  raw: { linktype: 101, front: () => [] },
  ipv4: { linktype: 228, front: () => [] },
  cooked: { linktype: 113, front: (six) => [...SLL, ...etherType(six)] },
  'cooked 2': {
    linktype: 276,
    front: (six) => [...etherType(six), 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0],
  },
  null: { linktype: 0, front: (six) => [six ? 10 : 2, 0, 0, 0] },
  loop: { linktype: 108, front: (six) => [0, 0, 0, six ? 24 : 2] },
  'link type nobody reads': { linktype: 147, front: () => [] },
};

function etherType(six: boolean): number[] {
  return six ? [0x86, 0xdd] : [0x08, 0];
}

/** A frame at `time`, nanoseconds since the epoch; cut at `snaplen`. */
export function framed(packet: Uint8Array, link: string, time: bigint, snaplen = 262_144): Frame {
  const { linktype, front } = LINKS[link]!;
  const bytes = Uint8Array.of(...front(packet[0]! >>> 4 === 6), ...packet);
  const caplen = Math.min(bytes.length, snaplen);
  const seconds = Number(time / 1_000_000_000n);
  return {
    ...{ bytes: bytes.subarray(0, caplen), offset: 0, caplen, len: bytes.length, linktype, seconds },
    nanoseconds: Number(time % 1_000_000_000n),
  };
}

/** Packets of one datagram, in order and right. */
export function datagram(dice: Dice, ident: number): Uint8Array[] {
  const flow = { ...dice.pick([flow4, flow4, flow6]), ident };
  const size = dice.pick([0, 1, 17, 100, 520, 1000, 1473, 2960, 3000, 4001, 9000, 20_000]);
  const payload = dice.once(3) ? pattern(size, ident) : makePayload(size, dice.pick([1, 1, 1, 7]), ident);
  const packet = udpPacket(flow, payload, [1111, dice.once(40) ? 4789 : 9999]);
  if (flow.family === 4 && dice.once(10)) packet.fill(0, 6, 8); // no checksum
  const gsoSize = dice.pick([1480, 1480, 1448, 552, 104, 8 * (3 + dice.below(180))]);
  if (packet.length <= gsoSize || dice.once(8)) return [whole(flow, packet)];
  return fragments(flow, packet, gsoSize);
}

/** What happens to the packets of a capture on their way, each now and then. */
const MISHAPS: readonly ((packets: Uint8Array[], dice: Dice) => void)[] = [
  (packets, dice) => flip(dice.pick(packets), dice),
  (packets, dice) => void packets.splice(dice.below(packets.length), 1),
  (packets, dice) => packets.splice(dice.below(packets.length), 0, dice.pick(packets)),
  (packets, dice) => swap(packets, dice.below(packets.length), dice.below(packets.length)),
  (packets, dice) => swap(packets, 0, Math.min(packets.length - 1, 1 + dice.below(3))),
  (packets, dice) => void packets.splice(dice.below(packets.length), 0, Uint8Array.of(0x45, 0, 0, 20)),
  (packets, dice) => packets.splice(dice.below(packets.length), 0, ...datagram(dice, dice.below(20))),
  // Everything once more, and a copy with a change.
  (packets) => void packets.push(...packets.slice(0, 60)),
  (packets, dice) => {
    const copy = dice.pick(packets).slice();
    flip(copy, dice);
    packets.splice(dice.below(packets.length), 0, copy);
  },
];

function flip(packet: Uint8Array, dice: Dice): void {
  if (packet.length > 0)
    packet[dice.below(dice.once(2) ? Math.min(60, packet.length) : packet.length)]! ^= 1 << dice.below(8);
}

function swap(packets: Uint8Array[], a: number, b: number): void {
  [packets[a], packets[b]] = [packets[b]!, packets[a]!];
}

/** Packets of some datagrams with mishaps, the one as well as the other by `seed`. */
export function mangled(seed: number): Uint8Array[] {
  const dice = new Dice(seed);
  const idents = dice.pick([4, 40, 65_536]);
  const packets: Uint8Array[] = [];
  for (let i = 2 + dice.below(24); i > 0; i--) {
    const some = datagram(dice, dice.below(idents));
    if (dice.once(9)) weave(packets, some, dice);
    else packets.push(...some);
  }
  for (let i = dice.pick([0, 1, 1, 2, 5]); i > 0 && packets.length > 0; i--) dice.pick(MISHAPS)(packets, dice);
  return packets;
}

/** Puts `some` among the last of `packets`, in order. */
function weave(packets: Uint8Array[], some: readonly Uint8Array[], dice: Dice): void {
  let at = Math.max(0, packets.length - some.length);
  for (const one of some) {
    at = Math.min(packets.length, at + dice.below(3));
    packets.splice(at, 0, one);
    at += 1;
  }
}

/** When the frames of a capture came, by the seed: close together, far apart, all at no time, with jumps. */
export function times(seed: number, count: number): bigint[] {
  const dice = new Dice(seed + 77);
  const steps: readonly bigint[] = dice.pick([
    [1000n],
    [0n],
    [1000n, 7_000_000_000n],
    [50_000_000n],
    [1n, -40_000_000_000n, 1000n],
  ]);
  if (steps[0] === 0n) return Array<bigint>(count).fill(0n);
  let time = 1_700_000_000_000_000_000n;
  return Array.from({ length: count }, () => {
    time += dice.once(5) ? dice.pick(steps) : steps[0]!;
    return dice.once(300) ? 0n : time;
  });
}
