import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { IFF_NO_PI, TUNSETIFF } from '../../src/host/constants.js';
import { addressOf, libc } from '../../src/host/libc.js';
import { runTool } from '../../src/host/run-tool.js';
import { lastError } from '../../src/host/socket-calls.js';

const IFF_TUN = 1;
const EVERY_MS = 2;

/** A tun interface with 198.51.100.1/24 and fd00:5546::1/64: its descriptor, which does not block. */
export async function openTun(name: string, mtu: number): Promise<number> {
  const fd = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
  const ifreq = new Uint8Array(128);
  ifreq.set(Buffer.from(name));
  new DataView(ifreq.buffer).setUint16(16, IFF_TUN | IFF_NO_PI, true);
  void addressOf(ifreq);
  if (libc().ioctl(fd, TUNSETIFF, ifreq) < 0) throw lastError('ioctl');
  await runTool('ip', ['addr', 'add', '198.51.100.1/24', 'dev', name]);
  await runTool('ip', ['link', 'set', name, 'up', 'mtu', String(mtu)]);
  await runTool('ip', ['addr', 'add', 'fd00:5546::1/64', 'dev', name, 'nodad']);
  return fd;
}

/**
 * A tun interface with 198.51.100.1/24 and fd00:5546::1/64, whose other end is this test: whatever packet goes out comes back
 * with source and destination exchanged (no checksum changes by that), so that an ordinary socket on this host reads it.
 */
export class ReflectingTun implements AsyncDisposable {
  readonly name: string;
  readonly addresses = {
    4: { own: '198.51.100.1', other: '198.51.100.2' },
    6: { own: 'fd00:5546::1', other: 'fd00:5546::2' },
  };
  /** Lengths of the packets that went out. */
  readonly lengths: number[] = [];
  readonly #fd: number;
  readonly #timer: NodeJS.Timeout;
  readonly #packet = Buffer.alloc(65_600);

  private constructor(fd: number, name: string) {
    this.#fd = fd;
    this.name = name;
    this.#timer = setInterval(() => this.#reflect(), EVERY_MS);
  }

  static async open(name: string, mtu: number): Promise<ReflectingTun> {
    return new ReflectingTun(await openTun(name, mtu), name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    closeSync(this.#fd);
  }

  #reflect(): void {
    for (;;) {
      try {
        const len = readSync(this.#fd, this.#packet);
        const packet = this.#packet.subarray(0, len);
        const [at, size] = packet[0]! >> 4 === 4 ? [12, 4] : [8, 16];
        if (!packet.subarray(at, at + 2 * size).includes(0x02)) continue; // router solicitations and the like
        this.lengths.push(len);
        const source = Buffer.from(packet.subarray(at, at + size));
        packet.copyWithin(at, at + size, at + 2 * size);
        packet.set(source, at + size);
        writeSync(this.#fd, packet);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
        throw error;
      }
    }
  }
}
