import { closeSync, readSync, writeSync } from 'node:fs';
import { openTun } from './tun.js';

const EVERY_MS = 2;
const [HEADER_LEN, MORE, OFFSET] = [20, 0x2000, 0x1fff];

/** Octets `[start, end)` of the IP payload. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly octets: Buffer;
}

/** Whether a later piece takes from an older one the octets that both have; `discard`: the datagram is thrown away. */
export type OverlapWay = ((old: Piece, later: Piece) => boolean) | 'discard';

/**
 * A host in user space behind a tun interface, 198.51.100.2: reassembles IPv4 in its own way, octet by octet, and echoes UDP on
 * every port. It shares nothing with what is tested.
 */
export class TunStack implements AsyncDisposable {
  readonly address = '198.51.100.2';
  readonly #fd: number;
  readonly #way: OverlapWay;
  readonly #timer: NodeJS.Timeout;
  readonly #packet = Buffer.alloc(65_600);
  readonly #open = new Map<number, { pieces: Piece[]; total: number; dead: boolean }>();

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

  #take(packet: Buffer): void {
    if (packet[0] !== 0x45 || packet[9] !== 17) return;
    const word = packet.readUInt16BE(6);
    const octets = packet.subarray(HEADER_LEN, packet.readUInt16BE(2));
    if ((word & (MORE | OFFSET)) === 0) this.#echo(packet, octets);
    else this.#gather(packet, octets, word);
  }

  #gather(packet: Buffer, octets: Buffer, word: number): void {
    const ident = packet.readUInt16BE(4);
    const start = 8 * (word & OFFSET);
    const group = this.#open.get(ident) ?? { pieces: [], total: -1, dead: false };
    this.#open.set(ident, group);
    const piece = { start, end: start + octets.length, octets };
    const others = group.pieces.filter((one) => one.start < piece.end && one.end > start);
    const copy = others.some((one) => one.start === start && one.octets.equals(octets));
    if (this.#way === 'discard' && others.length > 0 && !copy) group.dead = true;
    if (!copy) group.pieces.push(piece);
    if ((word & MORE) === 0) group.total = piece.end;
    const whole = this.#whole(group);
    if (whole === null) return;
    this.#open.delete(ident);
    if (!group.dead) this.#echo(packet, whole);
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
  #echo(packet: Buffer, datagram: Buffer): void {
    const header = Buffer.from(packet.subarray(0, HEADER_LEN));
    header.writeUInt16BE(HEADER_LEN + datagram.length, 2);
    header.writeUInt16BE(0, 6);
    header.writeUInt16BE(0, 10);
    packet.copy(header, 12, 16, 20);
    packet.copy(header, 16, 12, 16);
    let sum = 0;
    for (let at = 0; at < HEADER_LEN; at += 2) sum += header.readUInt16BE(at);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    header.writeUInt16BE(~sum & 0xffff, 10);
    const back = Buffer.concat([datagram.subarray(2, 4), datagram.subarray(0, 2), datagram.subarray(4)]);
    writeSync(this.#fd, Buffer.concat([header, back]));
  }
}
