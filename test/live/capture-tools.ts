import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Capture } from '../../src/capture/capture.js';
import { makePayload } from '../../src/payload/generated.js';
import { MAIN } from './cli.js';

/** Fragments of a datagram of 65,507 octets at MTU 1500. */
export const FRAGMENTS = 45;

/** Sends generated datagrams by an ordinary socket, so that the kernel fragments; pauses before its backlog overruns. */
export async function sendDatagrams(count: number, address: string, len = 65_507): Promise<void> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', sendBufferSize: 1 << 20 });
  for (let sequence = 0; sequence < count; sequence++) {
    const payload = makePayload(len, 1, sequence);
    await new Promise<void>((resolve, reject) =>
      socket.send(payload, 9, address, (error) => (error ? reject(error) : resolve())),
    );
    if (sequence % 8 === 7) await sleep(2);
  }
  socket.close();
}

/** Frames until the capture ends; rejects as the iteration does. */
export async function countFrames(capture: Capture): Promise<number> {
  let frames = 0;
  for await (const batch of capture) frames += batch.length;
  return frames;
}

/** The capture processes started by `parent`. */
export function captureChildren(parent = process.pid): number[] {
  return childrenOf(parent, 'capture-child.js');
}

/** The children of a process that run this program. */
export function childrenOf(parent: number, program: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => parentOf(pid) === parent && commandOf(pid).includes(program))
    .map(Number);
}

/** Resolves to whether the process is gone (or a zombie) within ten seconds. */
export async function goes(pid: number): Promise<boolean> {
  for (let left = 500; left > 0; left--) {
    if (commandOf(String(pid)) === '') return true;
    await sleep(20);
  }
  return false;
}

/** Runs `ip` in this namespace and waits for its end. */
export async function ip(...args: readonly string[]): Promise<void> {
  const [code] = await once(spawn('ip', args, { stdio: 'inherit' }), 'close');
  if (code !== 0) throw new Error(`ip ${args.join(' ')} ended with ${code}`);
}

/** `udp-ufo` with these arguments. */
export function udpUfo(...args: readonly string[]): Program {
  return new Program(process.execPath, [MAIN, ...args]);
}

/** A command in a process group of its own. */
export class Program {
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown>;
  stdout = '';
  stderr = '';

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#ended = once(this.child, 'close');
    this.child.stdout!.on('data', (chunk: Buffer) => {
      this.stdout += chunk;
    });
    this.child.stderr!.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
  }

  /** Waits, ten seconds at most, for what stderr is to say. */
  says(what: RegExp): Promise<void> {
    return this.#until(what, () => this.stderr);
  }

  /** The same for stdout. */
  prints(what: RegExp): Promise<void> {
    return this.#until(what, () => this.stdout);
  }

  async #until(what: RegExp, text: () => string): Promise<void> {
    for (let left = 500; !what.test(text()); left--) {
      if (left === 0) throw new Error(`never said ${what}: ${this.stderr}`);
      await sleep(20);
    }
  }

  /** A signal to the whole process group, as a terminal sends Ctrl-C. */
  interrupt(): void {
    process.kill(-this.child.pid!, 'SIGINT');
  }

  async end(): Promise<number | null> {
    await this.#ended;
    return this.child.exitCode;
  }

  /** Its standard output as JSON lines. */
  get lines(): Record<string, unknown>[] {
    return this.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }
}

function parentOf(pid: string): number {
  // pid (comm) state ppid …: comm may hold anything, so from its end
  return Number(read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[1]);
}

function commandOf(pid: string): string {
  return read(`/proc/${pid}/cmdline`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
