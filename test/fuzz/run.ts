import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Random } from './random.js';
import type { Input, Target } from './target.js';

const CORPUS = new URL('../../../test/fuzz/corpus/', import.meta.url);

/** What a run came to. */
export interface FuzzRun {
  readonly executions: number;
  /** Processor time of the slowest execution, milliseconds, and which it was. */
  readonly slowest: { readonly ms: number; readonly execution: number };
  /** Octets of heap and buffers after every so many executions. */
  readonly memory: readonly number[];
}

export interface FuzzOptions {
  readonly seed: number;
  readonly executions: number;
  /** The first one's number. */
  readonly from?: number;
}

const SAMPLES = 20;
/** Executions in one turn of the event loop. */
const TURN = 200;
const MOST_SHOWN = 2000;

/** Seeds, and cases that were found once: files of any name. */
export function corpusOf({ name }: Target): { readonly file: string; readonly input: Input }[] {
  const folder = new URL(`${name}/`, CORPUS);
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const octets = new Uint8Array(readFileSync(new URL(file, folder)));
      return { file, input: file.endsWith('.txt') ? octetsToText(octets) : octets };
    });
}

function octetsToText(octets: Uint8Array): string {
  return new TextDecoder().decode(octets);
}

/** Makes and checks inputs; throws an error that says how to have the same again. */
export async function fuzz(target: Target, { seed, executions, from = 0 }: FuzzOptions): Promise<FuzzRun> {
  const corpus = corpusOf(target).map(({ input }) => input);
  const memory: number[] = [];
  const slowest = { ms: 0, execution: from };
  const every = Math.max(1, Math.floor(executions / SAMPLES));
  const { stackTraceLimit } = Error;
  for (let execution = from; execution < from + executions; execution++) {
    const began = performance.now();
    Error.stackTraceLimit = 0; // most inputs are refused by an error, half of whose time is its stack
    try {
      execute(target, corpus, seed, execution);
    } catch (found) {
      Error.stackTraceLimit = stackTraceLimit;
      execute(target, corpus, seed, execution); // the same with its stack
      throw new Error(`found once, and not when repeated: ${(found as Error).message}`, { cause: found });
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    const ms = performance.now() - began;
    if (ms > slowest.ms) Object.assign(slowest, { ms, execution });
    const done = execution - from + 1;
    // What a WeakRef was made of stays until the turn of the loop ends: of every verifier something.
    if (done % TURN === 0) await setImmediate();
    if (done % every === 0) memory.push(usedOctets());
  }
  return { executions, slowest, memory };
}

function execute(target: Target, corpus: readonly Input[], seed: number, execution: number): void {
  const random = new Random(seed, execution);
  const input = target.make(random, corpus);
  try {
    target.check(input, random);
  } catch (cause) {
    throw new Error(
      `${target.name}: execution ${execution} of seed ${seed} (again: npm run fuzz -- --target ${target.name} ` +
        `--seed ${seed} --from ${execution} --executions 1)\n${shown(input)}\n${(cause as Error).stack}`,
      { cause },
    );
  }
}

function shown(input: Input): string {
  const text = typeof input === 'string' ? JSON.stringify(input) : Buffer.from(input).toString('hex');
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}… (--keep FILE writes all of it)`;
}

function usedOctets(): number {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}
