import { ERRNO } from '../../src/errors.js';
import { rowOctets } from '../../src/memory/gather-row.js';
import { skbZcopy } from '../../src/skb/fill-page-desc.js';
import type { Flow } from '../../src/skb/flow.js';
import { consumeSkb } from '../../src/skb/release.js';
import { type SkBuff, skbGet } from '../../src/skb/skbuff.js';
import type { SocketOptions } from '../../src/socket/options.js';
import { UfoSocket } from '../../src/socket/socket.js';
import { type LostFrames, type NetDevice, rowSkb, type TxBatch } from '../../src/tx/net-device.js';

/** One row as the device saw it. */
export interface Seen {
  readonly frame: Uint8Array;
  readonly skb: SkBuff;
  readonly ipSummed: number;
  readonly gsoType: number;
  readonly gsoSize: number;
  /** Octets in frags. */
  readonly dataLen: number;
  readonly zcopy: boolean;
}

export interface FakeOptions {
  readonly features?: number;
  readonly mtu?: number;
  readonly zerocopy?: boolean;
  /** What `xmit` answers for the row that would be the `count`-th this device takes; 0 or nothing: take it. */
  readonly refuse?: (count: number, batch: TxBatch, row: number) => number | undefined;
  /** Rows taken by one `xmit` at most. */
  readonly atOnce?: number;
  /** Keeps a reference on every skb until `complete`, as a device with a completion ring does. */
  readonly holds?: boolean;
  /** Don't keep the octets of what was sent. */
  readonly forgets?: boolean;
  /** Rows are payloads, as those of an ordinary UDP socket. */
  readonly payloads?: boolean;
  /** What it says of joined datagrams that fit its MTU; left out: nothing. */
  readonly uso?: string | null;
}

/** A device with any features, that takes or refuses what the test says. */
export class FakeDevice implements NetDevice {
  readonly name = 'fake0';
  readonly driver = 'packet-socket';
  readonly seenByCaptures = true;
  readonly ifindex = 0;
  readonly mtu: number;
  readonly features: number;
  readonly writesHeaders: boolean;
  declare readonly usoRefusal?: (flow: Flow, payloadLen: number) => string | null | undefined;
  readonly zerocopy: boolean;
  readonly syscall: string = 'fake';
  readonly seen: Seen[] = [];
  taken = 0;
  waits = 0;
  closed = 0;
  readonly held: SkBuff[] = [];
  readonly #options: FakeOptions;
  readonly #wakers: (() => void)[] = [];
  #refused = 0;
  /** While true every `xmit` says EAGAIN; `open` lets it go on. */
  full = false;

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    this.mtu = options.mtu ?? 1500;
    this.features = options.features ?? 1;
    this.zerocopy = options.zerocopy ?? true;
    this.writesHeaders = options.payloads !== true;
    const { uso } = options;
    if (uso !== undefined) this.usoRefusal = (flow, len) => (len + 48 <= flow.mtu && len > 0 ? uso : undefined);
  }

  async linkHeader(): Promise<Uint8Array> {
    return new Uint8Array(0);
  }

  xmit(batch: TxBatch, first: number): number {
    if (this.full) return -ERRNO.EAGAIN;
    const end = Math.min(batch.table.rows, first + (this.#options.atOnce ?? 64));
    for (let row = first; row < end; row++) {
      const errno = this.#refused || (this.#options.refuse?.(this.taken, batch, row) ?? 0);
      this.#refused = row === first ? 0 : errno; // as sendmmsg(2) has it, the next call tells
      if (errno !== 0) return row === first ? -errno : row - first;
      this.#take(batch, row);
    }
    return end - first;
  }

  async writable(): Promise<void> {
    this.waits += 1;
    if (this.full) await new Promise<void>((resolve) => this.#wakers.push(resolve));
    else await new Promise<void>((resolve) => setImmediate(resolve));
  }

  open(): void {
    this.full = false;
    for (const wake of this.#wakers.splice(0)) wake();
  }

  /** Lets go of everything taken. */
  complete(): void {
    for (const skb of this.held.splice(0)) consumeSkb(skb);
  }

  lost(): LostFrames {
    return { socket: 0, qdisc: null, driver: 0, neighbour: 0, backlog: null, unknown: 0 };
  }

  async close(): Promise<void> {
    this.closed += 1;
    this.complete();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #take(batch: TxBatch, row: number): void {
    const skb = rowSkb(batch, row);
    this.taken += 1;
    if (this.#options.holds === true) this.held.push(skbGet(skb));
    if (this.#options.forgets === true) return;
    const { gsoType, gsoSize } = skb.shinfo;
    const { ipSummed, dataLen } = skb;
    this.seen.push({ frame: frameOf(batch, row), skb, ipSummed, gsoType, gsoSize, dataLen, zcopy: skbZcopy(skb) });
  }
}

/** A socket that sends by `device`, without routes, companion or privileges. */
export async function fakeSocket(device: NetDevice, more: Partial<SocketOptions> = {}): Promise<UfoSocket> {
  const options: SocketOptions = { type: 'udp4', driver: 'pcap-file', mtu: device.mtu, ...more };
  const socket = new UfoSocket(options, async () => device);
  await socket.bind(1111, options.type === 'udp4' ? '192.0.2.1' : '2001:db8::1');
  await socket.connect(9999, options.type === 'udp4' ? '192.0.2.2' : '2001:db8::2');
  return socket;
}

export function frameOf({ table, pool }: TxBatch, row: number): Uint8Array {
  return rowOctets(table, pool, row);
}

/** One turn of the event loop, or several. */
export async function turns(count = 1): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
