import { EventEmitter } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import type { Companion } from '../companion/companion.js';
import { argumentError, UfoError } from '../errors.js';
import type { LostFrames } from '../tx/net-device.js';
import { copied } from '../ufo/append-data.js';
import { checkSocketOptions } from './check-options.js';
import { Cork } from './cork.js';
import { type Message, partsOf } from './dgram/message.js';
import type { PagesSent, SendResult, SendSummary } from './flight/datagram.js';
import type { StreamSource } from './flight/feeds.js';
import { SendOne } from './flight/one.js';
import { sendStream } from './flight/stream.js';
import type { FileOptions, ManyOptions, SendOptions, SocketAddress, SocketOptions, To, Wait } from './options.js';
import { type Pages, UserPages } from './pages.js';
import { companionOf, HeldCompanion } from './path/held-companion.js';
import { type PathInfo, pathInfo } from './path/info.js';
import { type OpenDevice, openDevice } from './path/open-device.js';
import type { Peer } from './path/peer.js';
import { resolveHost } from './path/route-to.js';
import { sendFile } from './send-file.js';
import { Sender } from './sender.js';
import { abortable } from './waiting/abortable.js';
import { completion } from './waiting/completion.js';
import { ObservedPromise } from './waiting/observed.js';
import { Works } from './waiting/works.js';

/**
 * A UDP socket whose datagrams are cut into fragments here, under the caller's control.
 *
 * Every promise that fails with nobody waiting for it becomes an `error` event instead. Events: `message (payload, from)`;
 * `error (error)`, also for ICMP errors; `drain`, when a send that said EAGAIN is worth trying again; `close`.
 */
export class UfoSocket extends EventEmitter implements AsyncDisposable {
  readonly #sender: Sender;
  readonly #works = new Works();
  readonly #one: SendOne;
  readonly #companion = new HeldCompanion(() => this.#openCompanion());
  readonly #signal: AbortSignal | undefined;
  #remote: { readonly host: string; readonly port: number } | null = null;
  #cork: Cork | null = null;
  #closed: Promise<void> | null = null;

  /** @param open puts another device in the place of the driver's: a tracer around it, or a test's own */
  constructor(options: SocketOptions, open: OpenDevice = openDevice) {
    super();
    checkSocketOptions(options);
    this.#sender = new Sender(options, () => this.#companion.open(), open);
    this.#one = new SendOne(
      this.#sender,
      this.#works,
      (to) => this.#peer(to),
      () => this.#drain(),
    );
    this.#signal = options.signal;
    if (this.#signal?.aborted === true) this.#abort();
    else this.#signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /**
   * Takes a port (0: the kernel chooses) and an address, and holds the port as an ordinary UDP socket would.
   * @throws UfoError EADDRINUSE, EADDRNOTAVAIL, EACCES
   */
  bind(port = 0, address?: string): Promise<void> {
    return this.#work(async () => {
      if (this.#companion.opened) throw new UfoError('ERR_UFO_ALREADY_BOUND', 'the socket is bound already');
      const at = address === undefined ? null : await resolveHost(address, this.#sender.family);
      this.#sender.paths.local = { port, address: at };
      await this.#companion.open();
    });
  }

  /** Sets where datagrams go that name no address, and learns the path there. */
  connect(port: number, address: string, { signal }: Wait = {}): Promise<void> {
    return this.#work(async () => {
      signal?.throwIfAborted();
      this.#remote = { host: address, port };
      await this.#peer({ signal });
    });
  }

  /** What datagrams to a destination (default: that of `connect`) meet on their way. */
  path(to: To = {}): Promise<PathInfo> {
    return this.#work(async () => pathInfo(await this.#peer(to)));
  }

  /** The local end. Binds to a port of the kernel's choice if there is none yet. */
  address(): Promise<SocketAddress> {
    return this.#work(async () => {
      const { paths, family } = this.#sender;
      const { local } = paths;
      const companion = await this.#companion.open();
      const { address, port } = companion?.address() ?? { address: local.address ?? '', port: local.port };
      return { address, port, family };
    });
  }

  /**
   * Sends one datagram. The message is copied into user pages, once, when the send budget has room for it; until then it is
   * not copied anywhere, so it must not change before this resolves: the kernel has taken every fragment. With `zerocopy` it
   * is not copied at all but goes out by its address (iovec drivers), and this resolves when it may change again.
   *
   * While corked, the message is a part of the datagram that `uncork` sends. It is copied at once, takes no options, and
   * this resolves with that datagram's result.
   * @throws UfoError EMSGSIZE, ENETUNREACH, EHOSTUNREACH, EPERM, ENETDOWN, ENOBUFS, …, with `partial` where some fragments
   *   had gone; EAGAIN with `nonBlocking`; ERR_UFO_CLOSED; the signal's reason
   */
  send(message: Message, to: SendOptions = {}): Promise<SendResult> {
    let parts: readonly Uint8Array[];
    try {
      parts = partsOf(message);
      // A part's promise is the datagram's, whose failure `uncork` tells of: not watched here.
      if (this.#cork !== null) return this.#cork.add(parts, to);
    } catch (error) {
      return this.#observed(Promise.reject(error));
    }
    return this.#observed(to.zerocopy === true ? this.#one.sendForeign(parts, to) : this.#one.send(copied(parts), to));
  }

  /**
   * Sends one datagram after the other, as many at a time as the send budget allows, paced where asked for. Stops at the
   * first failure; the error carries a `summary` of all that went, and `partial` for the datagram that failed.
   */
  sendMany(source: StreamSource, to: ManyOptions = {}): Promise<SendSummary> {
    const run = async (): Promise<SendSummary> => {
      this.#refuseCorked('sendMany');
      const peer = await this.#works.run(() => this.#peer(to));
      return sendStream(this.#sender, this.#works, peer, source, to);
    };
    return this.#observed(run());
  }

  /** Reads a file straight into user pages and sends it as datagrams of `datagramSize` octets (UDP sendfile). */
  sendFile(file: string | FileHandle, options: FileOptions): Promise<SendSummary> {
    return this.#observed(sendFile(this, file, options));
  }

  /**
   * User pages to write into and send without a copy. Waits while datagrams on their way hold the pages; fails with ENOMEM
   * where none are. 1 … 69,632 octets.
   */
  allocPages(len: number, { signal }: Wait = {}): Promise<Pages> {
    const { pageWait, pool } = this.#sender;
    return this.#observed(
      pageWait.until(() => {
        this.#works.check();
        return UserPages.take(pool, len);
      }, signal),
    );
  }

  /**
   * Sends pages as they are. They must not change, but may be disposed of, before `completed`.
   * @throws UfoError ERR_UFO_CORKED at once; what fails later rejects `sent`
   */
  sendPages(pages: Pages, to: To = {}): PagesSent {
    this.#refuseCorked('sendPages');
    const { ubuf, done } = completion();
    const sent = this.#one.sendPages(UserPages.of(pages), ubuf, to);
    return { sent: this.#observed(sent), completed: done };
  }

  /** From now on `send` collects parts (MSG_MORE). */
  cork(): void {
    this.#works.check();
    this.#cork ??= new Cork(this.#sender.family);
  }

  /** Sends what was collected as one datagram; its way is chosen now, once, for the whole of it. */
  uncork(to: To = {}): Promise<SendResult> {
    const cork = this.#cork;
    this.#cork = null;
    if (cork === null || cork.parts.length === 0) {
      const what = cork === null ? 'uncork without cork' : 'uncork, but nothing was sent since cork';
      return this.#observed(Promise.reject(new UfoError('ERR_UFO_NOT_CORKED', what)));
    }
    const result = this.#one.send(copied(cork.parts), to);
    cork.settle(result);
    return this.#observed(result);
  }

  /** Resolves when everything handed over so far has gone or failed. */
  idle({ signal }: Wait = {}): Promise<void> {
    return this.#observed(abortable(this.#sender.paths.idle(), signal));
  }

  /** Packets taken and then lost on this machine, by where; null where a driver cannot know. */
  lost(): Promise<LostFrames> {
    return this.#sender.paths.lost();
  }

  /** Keeps the process alive (the default), or not, while the socket only listens. */
  ref(): this {
    this.#companion.setReferenced(true);
    return this;
  }

  unref(): this {
    this.#companion.setReferenced(false);
    return this;
  }

  /**
   * Sends what was handed over before, also what still waits for room, then lets go of everything. What is handed over
   * later, what is corked and what waits for pages fails with ERR_UFO_CLOSED. Idempotent.
   */
  close(): Promise<void> {
    this.#closed ??= this.#observed(this.#shutDown());
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refuseCorked(what: string): void {
    if (this.#cork !== null) throw new UfoError('ERR_UFO_CORKED', `${what} while corked`, 'uncork before');
  }

  async #peer({ address, port, signal }: To): Promise<Peer> {
    const host = address ?? this.#remote?.host;
    const toPort = port ?? this.#remote?.port;
    if (host !== undefined && toPort !== undefined) return this.#sender.paths.peer(host, toPort, signal);
    throw argumentError('to', 'no destination', 'an address and a port', 'connect first, or name both');
  }

  async #openCompanion(): Promise<Companion | null> {
    const companion = await companionOf(this.#sender);
    companion?.on('message', (payload, from) => this.emit('message', payload, from));
    companion?.on('error', (error) => this.#report(error));
    return companion;
  }

  #drain(): void {
    if (this.#closed === null) this.emit('drain');
  }

  #work<T>(work: () => Promise<T>): Promise<T> {
    return this.#observed(this.#works.run(work));
  }

  #observed<T>(promise: Promise<T>): Promise<T> {
    return ObservedPromise.from(promise, (error) => this.#report(error));
  }

  #report(error: unknown): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  }

  readonly #abort = (): void => {
    void this.close();
    this.#sender.turnAway(new UfoError('ERR_UFO_CLOSED', "the socket's signal was aborted"));
  };

  async #shutDown(): Promise<void> {
    const closed = new UfoError('ERR_UFO_CLOSED', 'the socket is closed');
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#cork?.settle(Promise.reject(closed));
    this.#cork = null;
    await this.#works.close();
    try {
      await this.#sender.close();
    } finally {
      await this.#companion.close();
      this.emit('close');
    }
  }
}

/** A UDP socket for one family. Nothing is opened before the first bind, connect or send. */
export function createSocket(options: SocketOptions): UfoSocket {
  return new UfoSocket(options);
}
