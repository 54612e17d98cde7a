import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { farCommand } from '../../src/host/lab.js';

/** A datagram as the far host's kernel delivered it to an ordinary UDP socket. */
export interface Received {
  readonly length: number;
  readonly sha256: string;
  readonly port: number;
}

/** An ordinary UDP socket on the far host, both families, in a process of its own. */
export class FarReceiver implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.port = port;
  }

  static async start(): Promise<FarReceiver> {
    const [command, args] = farCommand(process.execPath, [fileURLToPath(import.meta.url), 'receive']);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { value } = await lines.next();
    return new FarReceiver(child, lines, Number(value));
  }

  /** The next `count` datagrams; rejects when they have not come within `withinMs`. */
  async take(count: number, withinMs = 10_000): Promise<Received[]> {
    const received: Received[] = [];
    const timer = setTimeout(() => this.#child.kill(), withinMs);
    while (received.length < count) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error(`${received.length} of ${count} datagrams arrived within ${withinMs} ms`);
      received.push(JSON.parse(value) as Received);
    }
    clearTimeout(timer);
    return received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill();
    await once(this.#child, 'exit');
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

if (process.argv[2] === 'receive' && process.argv[1] === fileURLToPath(import.meta.url)) {
  const socket = createSocket({ type: 'udp6', recvBufferSize: 4 << 20 });
  socket.on('message', (message, { port }) => {
    console.log(JSON.stringify({ length: message.length, sha256: sha256(message), port }));
  });
  socket.bind(0, '::', () => console.log(socket.address().port));
}
