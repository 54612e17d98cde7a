import { closeSync, readSync, writeSync } from 'node:fs';
import { openTun } from './tun.js';

const EVERY_MS = 2;
const UDP = 17;
/** IPv4: flags and offset in units of 8 octets. */
const [HEADER_LEN, MORE, OFFSET] = [20, 0x2000, 0x1fff];
/** IPv6: the fragment header's offset in octets, its next header, and M. */
const [HEADER6_LEN, FRAGMENT, FRAGMENT_LEN, OFFSET6, MORE6] = [40, 44, 8, 0xfff8, 1];

/** A packet as both families have it; `ident` null for a whole one. */
interface Packet {
  /** The fixed header, which is sent back with both ends exchanged. */
  readonly header: Buffer;
  readonly octets: Buffer;
  readonly ident: string | null;
  readonly start: number;
  readonly more: boolean;
}

/** Octets `[start, end)` of the IP payload. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly octets: Buffer;
}

/** Whether a later piece takes from an older one the octets that both have; `discard`: the datagram is thrown away. */
export type OverlapWay = ((old: Piece, later: Piece) => boolean) | 'discard';

/**
 * A host in user space behind a tun interface: reassembles both families in its own way, octet by octet, and echoes UDP on
 * every port. It shares nothing with what is tested.
 */
export class TunStack implements AsyncDisposable {
  readonly addresses = { 4: '198.51.100.2', 6: 'fd00:5546::2' } as const;
  readonly #fd: number;
  readonly #way: OverlapWay;
  readonly #timer: NodeJS.Timeout;
  readonly #packet = Buffer.alloc(65_600);
  readonly #open = new Map<string, { pieces: Piece[]; total: number; dead: boolean }>();

  private constructor(fd: number, way: OverlapWay) {
    this.#fd = fd;
    this.#way = way;
    this.#timer = setInterval(() => this.#read(), EVERY_MS);
  }

  static async open(name: string, way: OverlapWay): Promise<TunStack> {
    return new TunStack(await openTun(name, 1500), way);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    closeSync(this.#fd);
  }

  #read(): void {
    for (;;) {
      try {
        const len = readSync(this.#fd, this.#packet);
        this.#take(Buffer.from(this.#packet.subarray(0, len)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
        throw error;
      }
    }
  }

  #take(octets: Buffer): void {
    const packet = octets[0]! >> 4 === 6 ? parseIpv6(octets) : parseIpv4(octets);
    if (packet === null) return;
    if (packet.ident === null) this.#echo(packet.header, packet.octets);
    else this.#gather(packet, packet.ident);
  }

  #gather({ header, octets, start, more }: Packet, ident: string): void {
    const group = this.#open.get(ident) ?? { pieces: [], total: -1, dead: false };
    this.#open.set(ident, group);
    const piece = { start, end: start + octets.length, octets };
    const others = group.pieces.filter((one) => one.start < piece.end && one.end > start);
    const copy = others.some((one) => one.start === start && one.octets.equals(octets));
    if (this.#way === 'discard' && others.length > 0 && !copy) group.dead = true;
    if (!copy) group.pieces.push(piece);
    if (!more) group.total = piece.end;
    const whole = this.#whole(group);
    if (whole === null) return;
    this.#open.delete(ident);
    if (!group.dead) this.#echo(header, whole);
  }

  #whole({ pieces, total }: { readonly pieces: readonly Piece[]; readonly total: number }): Buffer | null {
    if (total < 0) return null;
    const owners = new Array<Piece | undefined>(total).fill(undefined);
    for (const piece of pieces) {
      for (let at = piece.start; at < Math.min(piece.end, total); at++) {
        const old = owners[at];
        if (old === undefined || (this.#way !== 'discard' && this.#way(old, piece))) owners[at] = piece;
      }
    }
    if (owners.includes(undefined)) return null;
    return Buffer.from(owners.map((owner, at) => owner!.octets[at - owner!.start]!));
  }

  /** Back to where it came from: exchanging both ends changes no checksum of UDP. */
  #echo(header: Buffer, datagram: Buffer): void {
    const turned = header.length === HEADER_LEN ? backByIpv4(header, datagram) : backByIpv6(header, datagram);
    const back = Buffer.concat([datagram.subarray(2, 4), datagram.subarray(0, 2), datagram.subarray(4)]);
    writeSync(this.#fd, Buffer.concat([turned, back]));
  }
}

function parseIpv4(packet: Buffer): Packet | null {
  if (packet[0] !== 0x45 || packet[9] !== UDP) return null;
  const word = packet.readUInt16BE(6);
  return {
    header: packet.subarray(0, HEADER_LEN),
    octets: packet.subarray(HEADER_LEN, packet.readUInt16BE(2)),
    ident: (word & (MORE | OFFSET)) === 0 ? null : `4 ${packet.readUInt16BE(4)}`,
    start: 8 * (word & OFFSET),
    more: (word & MORE) !== 0,
  };
}

function parseIpv6(packet: Buffer): Packet | null {
  const header = packet.subarray(0, HEADER6_LEN);
  const octets = packet.subarray(HEADER6_LEN, HEADER6_LEN + packet.readUInt16BE(4));
  if (packet[6] === UDP) return { header, octets, ident: null, start: 0, more: false };
  if (packet[6] !== FRAGMENT || octets[0] !== UDP) return null;
  const word = octets.readUInt16BE(2);
  const [ident, start, more] = [`6 ${octets.readUInt32BE(4)}`, word & OFFSET6, (word & MORE6) !== 0];
  return { header, octets: octets.subarray(FRAGMENT_LEN), ident, start, more };
}

function backByIpv4(from: Buffer, datagram: Buffer): Buffer {
  const header = Buffer.from(from);
  header.writeUInt16BE(HEADER_LEN + datagram.length, 2);
  header.writeUInt16BE(0, 6);
  header.writeUInt16BE(0, 10);
  from.copy(header, 12, 16, 20);
  from.copy(header, 16, 12, 16);
  let sum = 0;
  for (let at = 0; at < HEADER_LEN; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  header.writeUInt16BE(~sum & 0xffff, 10);
  return header;
}

function backByIpv6(from: Buffer, datagram: Buffer): Buffer {
  const header = Buffer.from(from);
  header.writeUInt16BE(datagram.length, 4);
  header[6] = UDP;
  from.copy(header, 8, 24, 40);
  from.copy(header, 24, 8, 24);
  return header;
}
