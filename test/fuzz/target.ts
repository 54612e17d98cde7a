import type { Random } from './random.js';

/** Octets of a file or of frames, or text. */
export type Input = Uint8Array | string;

/** Something of ours that takes what others made: how inputs for it are made, and what must be true of any. */
export interface Target {
  readonly name: string;
  /** Executions in `npm test`. */
  readonly executions: number;
  /** A new input, now and then from one of the corpus. */
  make(random: Random, corpus: readonly Input[]): Input;
  /** Throws where something is not as it must be; never for what the input is like. */
  check(input: Input, random: Random): void;
}

/** The octets of an input that must be such. */
export function octetsOf(input: Input): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : input;
}

/** The text of an input that must be such. */
export function textOf(input: Input): string {
  return typeof input === 'string' ? input : new TextDecoder().decode(input);
}
