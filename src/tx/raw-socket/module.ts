import { createRequire } from 'node:module';
import { notLoadedError } from '../../host/native-package.js';

/** What we call of the native half of npm raw-socket; the package has no types of its own. */
export interface RawSocketWrap {
  /**
   * One sendto(2), now. `done` is called before it returns, and must be given.
   * @throws Error whose message is strerror(errno), without code or errno.
   */
  send(buffer: Uint8Array, offset: number, len: number, address: string, done: (octets: number) => void): void;
  /** setsockopt(2): an unsigned integer, or a buffer with its length. */
  setOption(level: number, option: number, value: number | Buffer, len?: number): void;
  /** getsockopt(2); returns the length written into `value`. */
  getOption(level: number, option: number, value: Buffer, len: number): number;
  /** Which of readable and writable are *not* watched. Events are level-triggered. */
  pause(recv: boolean, send: boolean): void;
  close(): void;
  on(event: 'sendReady' | 'error', listener: () => void): void;
  off(event: 'sendReady' | 'error', listener: () => void): void;
  removeAllListeners(event: 'error'): void;
}

export interface RawSocket {
  readonly wrap: RawSocketWrap;
  pauseRecv(): void;
}

export interface RawSocketModule {
  createSocket(options: { protocol: number; addressFamily: number }): RawSocket;
  readonly AddressFamily: { readonly IPv4: number; readonly IPv6: number };
}

let loaded: RawSocketModule | undefined;

/** npm raw-socket, loaded on first use. Throws `ERR_UFO_UNSUPPORTED` where it is not installed or did not build. */
export function loadRawSocket(load: (name: string) => unknown = createRequire(import.meta.url)): RawSocketModule {
  if (loaded !== undefined) return loaded;
  try {
    loaded = load('raw-socket') as RawSocketModule;
    return loaded;
  } catch (cause) {
    throw notLoadedError(
      'raw-socket',
      cause,
      'the driver raw-socket: the npm package ',
      'take the driver packet-socket',
    );
  }
}
