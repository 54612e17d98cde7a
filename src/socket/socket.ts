import type { RemoteInfo } from 'node:dgram';
import type { FileHandle } from 'node:fs/promises';
import type { Companion } from '../companion/companion.js';
import type { SocketError } from '../companion/error-queue.js';
import { IcmpError } from '../companion/icmp-error.js';
import { ERRNO, typeError, UfoError } from '../errors.js';
import type { LostFrames } from '../tx/net-device.js';
import { copied } from '../ufo/append-data.js';
import { checkIdent } from '../ufo/ident.js';
import { checkSocketOptions } from './check-options.js';
import { checkMany, checkTo } from './check-to.js';
import { Cork } from './cork.js';
import {
  bindCall,
  type Callback,
  connectCall,
  type ErrorCallback,
  type SendCallback,
  sendCall,
} from './dgram/calls.js';
import { type Message, type Octets, partsOf } from './dgram/message.js';
import { SocketSettings } from './dgram/settings.js';
import type { PagesSent, SendResult, SendSummary } from './flight/datagram.js';
import { checkSource, type StreamSource } from './flight/feeds.js';
import { SendOne } from './flight/one.js';
import { sendStream } from './flight/stream.js';
import type { FileOptions, ManyOptions, SendOptions, SocketAddress, SocketOptions, To, Wait } from './options.js';
import { type Pages, UserPages } from './pages.js';
import { Connection } from './path/connection.js';
import { type PathInfo, pathInfo } from './path/info.js';
import { LocalEnd } from './path/local-end.js';
import { type OpenDevice, openDevice } from './path/open-device.js';
import { sendFile } from './send-file.js';
import { Sender } from './sender.js';
import { abortable } from './waiting/abortable.js';
import { checkWait } from './waiting/check-wait.js';
import { completion } from './waiting/completion.js';
import { Reports } from './waiting/observed.js';
import { Works } from './waiting/works.js';

type MessageListener = (payload: Buffer, from: RemoteInfo) => void;

/**
 * A UDP socket whose datagrams are cut into fragments here, under the caller's control. Used as Node's `dgram.Socket`, or by
 * promises: what is called with a callback does as dgram does, without one it gives a promise. A promise that fails with
 * nobody waiting for it becomes an `error` event.
 */
export class UfoSocket extends SocketSettings implements AsyncDisposable {
  /** @internal */
  protected readonly sender: Sender;
  /** @internal */
  protected readonly end: LocalEnd;
  readonly #works = new Works();
  readonly #one: SendOne;
  readonly #signal: AbortSignal | undefined;
  readonly #connection: Connection;
  readonly #reports = new Reports(this);
  #cork: Cork | null = null;
  #closed: Promise<void> | null = null;

  /**
   * @internal
   * @param open puts another device in the place of the driver's: a tracer around it, or a test's own
   */
  constructor(options: SocketOptions, open: OpenDevice = openDevice) {
    super();
    checkSocketOptions(options);
    this.sender = new Sender(options, () => this.end.ready(), open);
    this.end = new LocalEnd(this.sender, (companion) => this.#listen(companion));
    this.#connection = new Connection(this.sender, this.end);
    this.#one = new SendOne(
      this.sender,
      this.#works,
      (to) => this.#connection.peer(to),
      () => this.#drain(),
    );
    this.#signal = options.signal;
    if (this.#signal?.aborted === true) this.#abort();
    else this.#signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /**
   * Takes a port (0: the kernel chooses) and an address, and holds the port as an ordinary UDP socket would.
   * @throws UfoError EADDRINUSE, EADDRNOTAVAIL, EACCES; ERR_SOCKET_ALREADY_BOUND
   */
  bind(port?: number, address?: string): Promise<void>;
  bind(options: { readonly port?: number; readonly address?: string; readonly exclusive?: boolean }): Promise<void>;
  bind(port: number, address: string, callback: Callback): this;
  bind(port: number, callback: Callback): this;
  bind(callback: Callback): this;
  bind(options: { readonly port?: number; readonly address?: string }, callback: Callback): this;
  bind(...args: unknown[]): Promise<void> | this {
    const listener = args.find((one) => typeof one === 'function') as Callback | undefined;
    if (listener === undefined) return this.#work(async () => this.end.bind(bindCall(args)));
    const call = bindCall(args);
    this.#works.check();
    this.end.check();
    this.once('listening', listener);
    this.#work(() => this.end.bind(call)).catch((error: unknown) => {
      this.off('listening', listener);
      if (this.#closed === null) this.#reports.tell(error);
    });
    return this;
  }

  /**
   * Sets where datagrams go that name no address (default: this host), and learns the path there. From then on only what that
   * peer sends is received, and what ICMP says of it is an `error` event.
   * @throws UfoError ERR_SOCKET_DGRAM_IS_CONNECTED
   */
  connect(port: number, address?: string, options?: Wait): Promise<void>;
  connect(port: number, address: string, callback: ErrorCallback): void;
  connect(port: number, callback: ErrorCallback): void;
  connect(...args: unknown[]): Promise<void> | undefined {
    const listener = args.find((one) => typeof one === 'function') as ErrorCallback | undefined;
    if (listener === undefined) return this.#work(async () => this.#connect(connectCall(args)));
    const call = connectCall(args);
    this.#works.check();
    this.#connection.check();
    const connected = (): void => listener();
    this.once('connect', connected);
    this.#work(() => this.#connect(call)).catch((error: Error) => {
      this.off('connect', connected);
      process.nextTick(listener, error);
    });
    return undefined;
  }

  /** Undoes `connect`. @throws UfoError ERR_SOCKET_DGRAM_NOT_CONNECTED */
  disconnect(): void {
    this.#works.check();
    this.#connection.disconnect();
  }

  /** The peer of `connect`. @throws UfoError ERR_SOCKET_DGRAM_NOT_CONNECTED */
  remoteAddress(): SocketAddress {
    this.#works.check();
    return this.#connection.address();
  }

  /** What datagrams to a destination (default: that of `connect`) meet on their way. */
  path(to: To = {}): Promise<PathInfo> {
    return this.#work(async () => {
      checkTo(to, 'path');
      return pathInfo(await this.#connection.peer(to));
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
   *   had gone; EAGAIN with `nonBlocking`; ERR_SOCKET_DGRAM_NOT_RUNNING; the signal's reason
   */
  send(message: Message, to?: SendOptions): Promise<SendResult>;
  send(message: Message, port: number, address?: string): Promise<SendResult>;
  send(message: Octets, offset: number, length: number, port?: number, address?: string): Promise<SendResult>;
  send(message: Message, callback: SendCallback): void;
  send(message: Message, port: number, callback: SendCallback): void;
  send(message: Message, port: number, address: string | undefined, callback: SendCallback): void;
  send(message: Octets, offset: number, length: number, callback: SendCallback): void;
  send(message: Octets, offset: number, length: number, port: number, callback: SendCallback): void;
  send(
    message: Octets,
    offset: number,
    length: number,
    port: number,
    address: string | undefined,
    callback: SendCallback,
  ): void;
  send(message: unknown, ...rest: unknown[]): Promise<SendResult> | undefined {
    const [first] = rest;
    const listener = rest.find((one) => typeof one === 'function') as SendCallback | undefined;
    try {
      if (rest.length <= 1 && (first === undefined || (typeof first === 'object' && first !== null))) {
        if (first === undefined) return this.#send(partsOf(message), {});
        checkTo(first, 'send');
        return this.#send(partsOf(message), first);
      }
      const { parts, to } = sendCall(message, rest, this.#connection.asked);
      if (listener === undefined) return this.#send(parts, to);
      this.#works.check();
      this.#send(parts, to).then(
        ({ octets }) => process.nextTick(listener, null, octets),
        (error: Error) => process.nextTick(listener, error, 0),
      );
    } catch (error) {
      if (listener !== undefined) throw error;
      return this.#reports.observed(Promise.reject(error));
    }
    return undefined;
  }

  /**
   * Sends one datagram after the other, as many at a time as the send budget allows, paced where asked for. Stops at the
   * first failure; the error carries a `summary` of all that went, and `partial` for the datagram that failed.
   */
  sendMany(source: StreamSource, to: ManyOptions = {}): Promise<SendSummary> {
    const run = async (): Promise<SendSummary> => {
      checkSource(source);
      checkMany(to, 'sendMany');
      this.#refuseCorked('sendMany');
      const peers = await this.#works.run(() => this.#connection.peers(to));
      return sendStream(this.sender, this.#works, peers, source, to);
    };
    return this.#reports.observed(run());
  }

  /** Reads a file straight into user pages and sends it as datagrams of `datagramSize` octets (UDP sendfile). */
  sendFile(file: string | FileHandle, options: FileOptions): Promise<SendSummary> {
    return this.#reports.observed(sendFile(this, file, options));
  }

  /**
   * User pages to write into and send without a copy. Waits while datagrams on their way hold the pages; fails with ENOMEM
   * where none are. 1 … 69,632 octets.
   */
  allocPages(len: number, wait: Wait = {}): Promise<Pages> {
    const { pageWait, pool } = this.sender;
    const take = (): Pages => {
      this.#works.check();
      return UserPages.take(pool, len);
    };
    try {
      checkWait(wait, 'allocPages');
      return this.#reports.observed(pageWait.until(take, wait.signal));
    } catch (error) {
      return this.#reports.observed(Promise.reject(error));
    }
  }

  /**
   * Sends pages as they are. They must not change, but may be disposed of, before `completed`.
   * @throws UfoError ERR_UFO_CORKED at once; what fails later rejects `sent`
   */
  sendPages(pages: Pages, to: To = {}): PagesSent {
    this.#refuseCorked('sendPages');
    checkTo(to, 'sendPages');
    const { ubuf, done } = completion();
    const sent = this.#one.sendPages(UserPages.of(pages), ubuf, to);
    return { sent: this.#reports.observed(sent), completed: done };
  }

  /** From now on `send` collects parts (MSG_MORE). */
  cork(): void {
    this.#works.check();
    this.#cork ??= new Cork(this.sender.family);
  }

  /**
   * Sends what was collected as one datagram; its way is chosen now, once, for the whole of it.
   * @throws UfoError ERR_UFO_INVALID_ARGUMENT for what is wrong with `to`: all that was collected stays
   */
  uncork(to: To = {}): Promise<SendResult> {
    try {
      // All that is wrong with `to` is told before the cork is taken off: what was collected stays.
      checkTo(to, 'uncork');
      this.#connection.destination(to);
      if (to.ident !== undefined) checkIdent('ident', to.ident, this.sender.family);
      const cork = this.#takeCork();
      const result = this.#one.send(copied(cork.parts), to);
      cork.settle(result);
      return this.#reports.observed(result);
    } catch (error) {
      return this.#reports.observed(Promise.reject(error));
    }
  }

  /** Datagrams of `send`, `sendPages` and `uncork` that have not gone yet; those of a stream are its own. */
  getSendQueueCount(): number {
    return this.#one.count;
  }

  /** Octets of payload in them. */
  getSendQueueSize(): number {
    return this.#one.octets;
  }

  /** Resolves when everything handed over so far has gone or failed. */
  idle(wait: Wait = {}): Promise<void> {
    const idle = async (): Promise<void> => {
      checkWait(wait, 'idle');
      await abortable(this.sender.paths.idle(), wait.signal);
    };
    return this.#reports.observed(idle());
  }

  /** Packets taken and then lost on this machine, by where; null where a driver cannot know. */
  lost(): Promise<LostFrames> {
    return this.sender.paths.lost();
  }

  /**
   * Sends what was handed over before, also what still waits for room, then lets go of everything. What is handed over
   * later, what is corked, what waits for pages, what a plan delays and the rest of a stream fails with
   * ERR_SOCKET_DGRAM_NOT_RUNNING. Idempotent.
   */
  close(): Promise<void>;
  close(callback: Callback): this;
  close(callback?: Callback): Promise<void> | this {
    const listener = typeof callback === 'function' ? callback : undefined; // as dgram, which passes over all else
    if (listener !== undefined && this.#closed === null) this.once('close', listener);
    this.#closed ??= this.#reports.observed(this.#shutDown());
    return listener === undefined ? this.#closed : this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  protected checkRunning(): void {
    this.#works.check();
  }

  #send(parts: readonly Uint8Array[], to: SendOptions): Promise<SendResult> {
    // A part's promise is the datagram's, whose failure `uncork` tells of: not watched here.
    if (this.#cork !== null) return this.#cork.add(parts, to);
    return this.#reports.observed(
      to.zerocopy === true ? this.#one.sendForeign(parts, to) : this.#one.send(copied(parts), to),
    );
  }

  async #connect(call: ReturnType<typeof connectCall>): Promise<void> {
    await this.#connection.connect(call, call.signal);
    this.emit('connect');
  }

  #listen(companion: Companion | null): void {
    companion?.on('message', (payload, from) => {
      if (this.#closed === null) this.emit('message', payload, from); // what was sent before goes on, what comes does not
    });
    companion?.on('icmp', (told) => this.#hear(told, companion));
    companion?.on('error', (error) => this.#reports.tell(error));
    process.nextTick(() => {
      if (this.#closed === null) this.emit('listening');
    });
  }

  /** ICMP can be forged: only who asked for it hears of datagrams to anybody but the peer. */
  #hear(told: SocketError, companion: Companion): void {
    const concerns = this.#connection.concerns(told);
    if (!concerns && this.listenerCount('icmp') === 0) return;
    const { errno, destination } = told;
    const aboutMtu = errno === ERRNO.EMSGSIZE && destination !== null;
    const error = new IcmpError(told, aboutMtu ? companion.pathMtu(destination) : undefined);
    this.emit('icmp', error);
    if (concerns) this.#reports.tell(error, error.code);
  }

  #takeCork(): Cork {
    const cork = this.#cork;
    this.#cork = null;
    if (cork !== null && cork.parts.length > 0) return cork;
    const what = cork === null ? 'uncork without cork' : 'uncork, but nothing was sent since cork';
    throw new UfoError('ERR_UFO_NOT_CORKED', what);
  }

  #refuseCorked(what: string): void {
    if (this.#cork !== null) throw new UfoError('ERR_UFO_CORKED', `${what} while corked`, 'uncork before');
  }

  #drain(): void {
    if (this.#closed === null) this.emit('drain');
  }

  #work<T>(work: () => Promise<T>): Promise<T> {
    return this.#reports.observed(this.#works.run(work));
  }

  readonly #abort = (): void => {
    const aborted = new UfoError('ERR_SOCKET_DGRAM_NOT_RUNNING', "the socket's signal was aborted");
    this.sender.endDelays(aborted);
    void this.close();
    this.sender.turnAway(aborted);
  };

  async #shutDown(): Promise<void> {
    const closed = new UfoError('ERR_SOCKET_DGRAM_NOT_RUNNING', 'the socket is closed');
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#cork?.settle(Promise.reject(closed));
    this.#cork = null;
    this.sender.endDelays(closed);
    // As dgram's, the port is free at once where nothing is on its way that needs it.
    const ended = this.#works.idle && !this.sender.paths.pending ? this.end.close() : null;
    ended?.catch(() => {}); // told below
    await this.#works.close();
    try {
      await this.sender.close();
    } finally {
      await (ended ?? this.end.close());
      this.emit('close');
    }
  }
}

/**
 * A UDP socket for one family. Nothing is opened before the first bind, connect or send.
 * @param onMessage listens to `message`
 * @throws UfoError naming the option that is wrong
 * @example
 * ```js
 * import { createSocket } from 'udp-ufo';
 *
 * const socket = createSocket('udp4');
 * const { way, fragments } = await socket.send(new Uint8Array(4000), { address: '192.0.2.2', port: 9999 });
 * console.log(way, fragments); // software-ufo 3
 * await socket.close();
 * ```
 */
export function createSocket(options: SocketOptions | SocketOptions['type'], onMessage?: MessageListener): UfoSocket {
  if (onMessage !== undefined && typeof onMessage !== 'function') throw typeError('onMessage', onMessage, 'a function');
  if (typeof options !== 'string' && (typeof options !== 'object' || options === null)) {
    throw typeError('options', options, 'udp4, udp6 or an object of options');
  }
  const socket = new UfoSocket(typeof options === 'string' ? { type: options } : options);
  if (onMessage !== undefined) socket.on('message', onMessage);
  return socket;
}
