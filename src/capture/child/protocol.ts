import { UfoError } from '../../errors.js';
import type { LoopOptions } from '../record-sink.js';

/** Live engines, the one to be preferred first. */
export const ENGINES = ['libpcap', 'cap'] as const;
export type Engine = (typeof ENGINES)[number];

/**
 * What the capture child is started with, as JSON in its only argument.
 *
 * File descriptors of the child: 0 control (an `s` asks it to stop, end of file means that its parent is gone), 1 messages
 * (JSON lines, `ChildMessage`), 2 whatever libraries print, 3 frames (a pcap stream; mode `frames` only), 4 the file that
 * gets every frame, where there is one.
 */
export interface CaptureChildArguments extends LoopOptions {
  /** Default `auto`: libpcap, and cap where that cannot be loaded. */
  readonly engine?: Engine | 'auto';
  /**
   * `frames`: every frame goes to the parent; `verdicts`: only what became of each datagram; `file`: frames go nowhere but to
   * the file.
   */
  readonly mode: 'frames' | 'verdicts' | 'file';
  /** The file at descriptor 4. */
  readonly file?: FileWish;
  /** Mode `verdicts`: stop by itself once so many datagrams have been judged. */
  readonly datagrams?: number;
  /** Mode `verdicts`: SHA-256 of every payload in its verdict; default false. */
  readonly hash?: boolean;
  /** Whether good datagrams are told of, or only counted; default true. */
  readonly tellGood?: boolean;
  /** Mode `verdicts`: they carry what the packets said, for a comparison with what was sent. */
  readonly sightings?: boolean;
  /** Mode `verdicts`: only datagrams from or to this UDP port. */
  readonly port?: number;
  /** Mode `verdicts`: accept UDP checksum 0 over IPv6. */
  readonly allowZeroChecksum6?: boolean;
  /** Mode `verdicts`: what is not computed yet is bad, and what was not looked at is inconclusive. */
  readonly strict?: boolean;
}

/** How the file of a capture is to be written. */
export interface FileWish {
  /** As the user wrote it, for error texts. */
  readonly path: string;
  readonly format: 'pcap' | 'pcapng';
  /** What stands in it is written over: it is emptied when the first frames come, and stays where none do. */
  readonly inPlace?: boolean;
  /** pcapng: a comment on the first frame of each datagram. */
  readonly comments?: boolean;
}

/** Control octet: stop, hand over what the kernel already has, say the final figures and exit. */
export const STOP = 0x73;
/** Descriptor of the child that carries frames. */
export const FRAMES_FD = 3;

/** Descriptor of the file that gets every frame. */
export const FILE_FD = 4;

/** The child really captures from here on. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly engine: Engine;
  readonly linktype: number;
}

/** Figures so far (`stats`) or for good (`end`, the last message of a child that ended well). */
export interface StatsMessage {
  readonly type: 'stats' | 'end';
  /** Frames the child took from the kernel. */
  readonly received: number;
  /** Frames the kernel dropped for want of room in the ring; null where it could not be asked. */
  readonly lost: number | null;
}

/** The child could not go on; the fields of a `UfoError`. */
export interface FailedMessage {
  readonly type: 'failed';
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly errno?: number;
  readonly syscall?: string;
  readonly path?: string;
  readonly argument?: string;
}

/** A message of the layer above (a verdict, a summary), passed through untouched. */
export type PayloadMessage = { readonly type: 'datagram' } | { readonly type: 'summary' };

export type ChildMessage = ReadyMessage | StatsMessage | FailedMessage | PayloadMessage;

/** What a failed child says of the error that ended it. */
export function failedMessage(error: unknown): FailedMessage {
  if (!(error instanceof UfoError)) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { type: 'failed', code: 'ERR_UFO_CAPTURE', message };
  }
  const { code, message, hint, errno, syscall, path, argument } = error;
  return {
    type: 'failed',
    code,
    message,
    ...(hint !== undefined && { hint }),
    ...(errno !== undefined && { errno }),
    ...(syscall !== undefined && { syscall }),
    ...(path !== undefined && { path }),
    ...(argument !== undefined && { argument }),
  };
}

/** The error that `failedMessage` was made from. */
export function errorOf(message: FailedMessage): UfoError {
  const error = new UfoError(message.code, message.message, message.hint);
  if (message.errno !== undefined) error.errno = message.errno;
  if (message.syscall !== undefined) error.syscall = message.syscall;
  if (message.path !== undefined) error.path = message.path;
  if (message.argument !== undefined) error.argument = message.argument;
  return error;
}

/** Messages of a child's standard output, one per line; a line that is no message is skipped. */
export async function* readMessages(chunks: AsyncIterable<Buffer>): AsyncGenerator<ChildMessage> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = parseMessage(line);
      if (message) yield message;
    }
  }
}

function parseMessage(line: string): ChildMessage | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'type' in value ? (value as ChildMessage) : null;
  } catch {
    return null;
  }
}
