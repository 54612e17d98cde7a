import { EventEmitter } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { argumentError, UfoError } from '../errors.js';
import { UbufInfo, ubufPut } from '../skb/ubuf-info.js';
import type { Companion } from '../tx/companion.js';
import type { LostFrames } from '../tx/net-device.js';
import { type Armed, copied, foreign, type Payload } from './build.js';
import { completion } from './completion.js';
import type { SendResult, SendSummary, Settled } from './datagram.js';
import { ObservedPromise } from './observed.js';
import type { FileOptions, ManyOptions, SendOptions, SocketOptions, To } from './options.js';
import { Pages } from './pages.js';
import { type PathInfo, pathInfo } from './path-info.js';
import type { Peer } from './peer.js';
import { resolveHost } from './route-to.js';
import { sendFile } from './send-file.js';
import { Sender } from './sender.js';
import { Tally } from './tally.js';

export interface SocketAddress {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

/** What `sendPages` promises. */
export interface PagesSent {
  /** The kernel has taken every packet. */
  readonly sent: Promise<SendResult>;
  /**
   * The pages may be written again. Always resolves, also after a failure. `zerocopy`: true only if nobody copied them,
   * the kernel included.
   */
  readonly completed: Promise<{ readonly zerocopy: boolean }>;
}

/**
 * A UDP socket whose datagrams are cut into fragments here, under the caller's control.
 *
 * Every promise that fails with nobody waiting for it becomes an `error` event instead. Events: `message (payload, from)`;
 * `error (error)`, also for ICMP errors; `close`.
 */
export class UfoSocket extends EventEmitter implements AsyncDisposable {
  readonly #sender: Sender;
  #companion: Promise<Companion | null> | null = null;
  #remote: { readonly host: string; readonly port: number } | null = null;
  /** Parts of the datagram being collected, and who waits for its result. */
  #corked: Uint8Array[] | null = null;
  readonly #uncorked: ((result: Promise<SendResult>) => void)[] = [];
  #referenced = true;
  #closed: Promise<void> | null = null;

  constructor(options: SocketOptions) {
    super();
    if (options.type !== 'udp4' && options.type !== 'udp6') throw argumentError('type', options.type, 'udp4 or udp6');
    this.#sender = new Sender(options, () => this.#openCompanion());
    options.signal?.addEventListener('abort', () => void this.close(), { once: true });
  }

  /**
   * Takes a port (0: the kernel chooses) and an address, and holds the port as an ordinary UDP socket would.
   * @throws UfoError EADDRINUSE, EADDRNOTAVAIL, EACCES
   */
  async bind(port = 0, address?: string): Promise<void> {
    if (this.#companion !== null) throw new UfoError('ERR_UFO_ALREADY_BOUND', 'the socket is bound already');
    const at = address === undefined ? null : await resolveHost(address, this.#sender.family);
    this.#sender.local = { port, address: at };
    await this.#openCompanion();
  }

  /** Sets where datagrams go that name no address, and learns the path there. */
  async connect(port: number, address: string): Promise<void> {
    this.#remote = { host: address, port };
    await this.#peer({});
  }

  /** What datagrams to a destination (default: that of `connect`) meet on their way. */
  async path(to: To = {}): Promise<PathInfo> {
    return pathInfo(await this.#peer(to));
  }

  /** The local end. Binds to a port of the kernel's choice if there is none yet. */
  async address(): Promise<SocketAddress> {
    const { local, family } = this.#sender;
    const { address, port } = (await this.#openCompanion())?.address() ?? {
      address: local.address ?? '',
      port: local.port,
    };
    return { address, port, family };
  }

  /**
   * Sends one datagram. The message is copied into user pages, once, when the send budget has room for it, and is the
   * caller's again when this resolves: the kernel has taken every fragment. With `zerocopy` it is not copied but goes out by
   * its address (iovec drivers), and this resolves when it may change again.
   *
   * While corked, the message is a part of the datagram that `uncork` sends, and this resolves with that one's result.
   * @throws UfoError EMSGSIZE, ENETUNREACH, EHOSTUNREACH, EPERM, ENETDOWN, ENOBUFS, …, with `partial` where some fragments
   *   had gone; the signal's reason
   */
  send(message: Uint8Array | readonly Uint8Array[], to: SendOptions = {}): Promise<SendResult> {
    const parts = message instanceof Uint8Array ? [message] : message;
    if (this.#corked !== null) return this.#observed(this.#corkedSend(parts));
    return this.#observed(to.zerocopy === true ? this.#sendForeign(parts, to) : this.#sendOne(copied(parts), to));
  }

  /**
   * Sends one datagram after the other, as many at a time as the send budget allows, paced where asked for. Stops at the
   * first failure; the error carries a `summary` of all that went, and `partial` for the datagram that failed.
   */
  sendMany(
    source: AsyncIterable<Uint8Array | Pages> | Iterable<Uint8Array | Pages>,
    to: ManyOptions = {},
  ): Promise<SendSummary> {
    return this.#observed(this.#sendMany(source, to));
  }

  /** Reads a file straight into user pages and sends it as datagrams of `datagramSize` octets (UDP sendfile). */
  sendFile(file: string | FileHandle, options: FileOptions): Promise<SendSummary> {
    return this.#observed(sendFile(this, file, options));
  }

  /** User pages to write into and send without a copy; waits until the pool has them. 1 … 69,632 octets. */
  allocPages(len: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Pages> {
    const { pageWait, pool } = this.#sender;
    return pageWait.until(
      () => Pages.take(pool, len),
      () => this.#sender.pending,
      signal,
    );
  }

  /** Sends pages as they are. They must not change, but may be disposed of, before `completed`. */
  sendPages(pages: Pages, to: To = {}): PagesSent {
    const { ubuf, done } = completion();
    const sent = this.#armed({ kind: 'pages', pages, len: pages.len, ubuf }, to);
    return { sent: this.#observed(sent), completed: done };
  }

  /** From now on `send` collects parts (MSG_MORE). */
  cork(): void {
    this.#corked ??= [];
  }

  /** Sends what was collected as one datagram; its way is chosen now, once, for the whole of it. */
  uncork(to: To = {}): Promise<SendResult> {
    const parts = this.#corked;
    this.#corked = null;
    if (parts === null) throw new UfoError('ERR_UFO_NOT_CORKED', 'uncork without cork');
    const result = this.#sendOne(copied(parts), to);
    for (const resolve of this.#uncorked.splice(0)) resolve(result);
    return this.#observed(result);
  }

  /** Resolves when everything handed over so far has gone or failed. */
  idle(): Promise<void> {
    return this.#sender.idle();
  }

  /** Packets taken and then lost on this machine, by where; null where a driver cannot know. */
  lost(): Promise<LostFrames> {
    return this.#sender.lost();
  }

  /** Keeps the process alive (the default), or not, while the socket only listens. */
  ref(): this {
    this.#referenced = true;
    void this.#companion?.then((companion) => companion?.ref());
    return this;
  }

  unref(): this {
    this.#referenced = false;
    void this.#companion?.then((companion) => companion?.unref());
    return this;
  }

  /** Sends what is queued, then lets go of everything. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #sendOne(payload: Payload, to: To): Promise<SendResult> {
    to.signal?.throwIfAborted();
    const peer = await this.#peer(to);
    const { driver } = peer.channel.device;
    return new Promise((resolve, reject) => {
      const settled: Settled = (datagram, error) => (error === null ? resolve(datagram.result(driver)) : reject(error));
      this.#sender.enqueue(peer, payload, to, settled).catch(reject);
    });
  }

  /** Sends a payload that has a completion, which is told of a failure as well. */
  async #armed(payload: Armed, to: To): Promise<SendResult> {
    try {
      if (payload.kind === 'pages') payload.pages.check(this.#sender.pool);
      return await this.#sendOne(payload, to);
    } catch (error) {
      if (payload.ubuf.refcnt > 0) ubufPut(payload.ubuf, false);
      throw error;
    }
  }

  async #sendForeign(parts: readonly Uint8Array[], to: To): Promise<SendResult> {
    const { ubuf, done } = completion();
    const result = await this.#armed(foreign(parts, ubuf), to);
    await done;
    return result;
  }

  #corkedSend(parts: readonly Uint8Array[]): Promise<SendResult> {
    this.#corked!.push(...parts.map((part) => Uint8Array.from(part)));
    return new Promise((resolve) => this.#uncorked.push(resolve));
  }

  async #sendMany(
    source: AsyncIterable<Uint8Array | Pages> | Iterable<Uint8Array | Pages>,
    to: ManyOptions,
  ): Promise<SendSummary> {
    const peer = await this.#peer(to);
    const tally = new Tally(peer.channel.device.driver, to.onDatagram);
    for await (const item of source) {
      if (tally.failure !== null) break;
      to.signal?.throwIfAborted();
      const payload: Payload = item instanceof Pages ? pagesPayload(item) : copied([item]);
      await to.pacer?.ready(peer.packets(payload.len), 8 * peer.octets(payload.len), to.signal);
      await this.#sender.enqueue(peer, payload, to, tally.settled);
    }
    await peer.channel.transmitter.idle();
    return tally.finish(peer.channel.device);
  }

  async #peer({ address, port }: To): Promise<Peer> {
    if (this.#closed !== null) throw new UfoError('ERR_UFO_CLOSED', 'the socket is closed');
    const host = address ?? this.#remote?.host;
    const toPort = port ?? this.#remote?.port;
    if (host !== undefined && toPort !== undefined) return this.#sender.peer(host, toPort);
    throw argumentError('to', 'no destination', 'an address and a port', 'connect first, or name both');
  }

  #openCompanion(): Promise<Companion | null> {
    this.#companion ??= this.#makeCompanion();
    return this.#companion;
  }

  async #makeCompanion(): Promise<Companion | null> {
    const { options, family, local } = this.#sender;
    if (options.driver === 'pcap-file') return null;
    const { openCompanion } = await import('../tx/companion.js');
    const { address, port } = local;
    const { interface: interfaceName } = options;
    const companion = await openCompanion({
      ...{ family, port },
      ...(address === null ? {} : { address }),
      ...(interfaceName === undefined ? {} : { interfaceName }),
    });
    companion.on('message', (payload, from) => this.emit('message', payload, from));
    companion.on('error', (error) => this.#report(error));
    if (!this.#referenced) companion.unref();
    return companion;
  }

  #observed<T>(promise: Promise<T>): Promise<T> {
    return ObservedPromise.from(promise, (error) => this.#report(error));
  }

  #report(error: unknown): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  }

  async #shutDown(): Promise<void> {
    await this.#sender.close();
    const companion = await this.#companion?.catch(() => null);
    await companion?.close();
    this.emit('close');
  }
}

/** A UDP socket for one family. Nothing is opened before the first bind, connect or send. */
export function createSocket(options: SocketOptions): UfoSocket {
  return new UfoSocket(options);
}

/** In a stream nobody asks for each completion; the pages are held by the datagrams themselves. */
function pagesPayload(pages: Pages): Payload {
  return { kind: 'pages', pages, len: pages.len, ubuf: new UbufInfo(() => {}) };
}
