import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';

export interface CompanionOptions {
  readonly family: 4 | 6;
  /** 0: the kernel chooses. */
  readonly port: number;
  readonly address?: string;
}

/**
 * The ordinary UDP socket beside every sender: it holds the source port, so that replies meet no "port unreachable", and
 * receives them. Events: `message (payload, from)`, `error (error)`.
 */
export class Companion extends EventEmitter<{ message: [Buffer, RemoteInfo]; error: [Error] }> {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('message', (payload, from) => this.emit('message', payload, from));
    socket.on('error', (error) => this.emit('error', error));
  }

  /** Its descriptor, which kernel-udp sends by; null where it is not known. It stays the companion's. */
  get fd(): number | null {
    return null;
  }

  address(): { address: string; port: number } {
    return this.#socket.address();
  }

  /** What the path to a destination carries, octets, asked anew at every call of the function given back. */
  async watchPath(_address: string, _port: number): Promise<() => number> {
    return () => Number.POSITIVE_INFINITY;
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}

/** Opens and binds it. @throws the system's error: EADDRINUSE, EADDRNOTAVAIL, EACCES. */
export async function openCompanion({ family, port, address }: CompanionOptions): Promise<Companion> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  const bound = once(socket, 'listening');
  socket.bind(port, address);
  await bound;
  return new Companion(socket);
}
