import type { LostFrames } from '../../tx/net-device.js';

/** What the process tells its caller; the same for every command. */
export const EXIT = {
  ok: 0,
  /** The work was done and what was verified is wrong. */
  verificationFailed: 1,
  /** A wrong option, or an input that can't be read. */
  usage: 2,
  /** A privilege, a device, a route or a package is missing. */
  device: 3,
  /** Nothing wrong was seen, but not everything was seen. */
  inconclusive: 4,
  /** EX_SOFTWARE of sysexits.h: a mistake of ours, never to be taken for a failed verification. */
  bug: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What held what was seen against what was to be seen. */
type Judgement = 'good' | 'bad' | 'inconclusive';

const OF_VERDICT: Readonly<Record<Judgement, ExitCode>> = {
  good: EXIT.ok,
  bad: EXIT.verificationFailed,
  inconclusive: EXIT.inconclusive,
};

/** Of a whole that was judged. */
export function verdictExitCode(verdict: Judgement): ExitCode {
  return OF_VERDICT[verdict];
}

/**
 * Of packets that were taken from us, by where they were lost on this machine; what nobody can count is not known to be lost,
 * but for a neighbour that did not answer.
 */
export function lossExitCode(lost: LostFrames): ExitCode {
  if (lost.neighbour === null && lost.unknown !== null) return EXIT.inconclusive;
  return Object.values(lost).some((count) => count !== null && count > 0) ? EXIT.inconclusive : EXIT.ok;
}

/** Of several judgements by their exit codes: what is wrong stays wrong where something else was not seen. */
export function worstOf(codes: readonly ExitCode[]): ExitCode {
  return [EXIT.verificationFailed, EXIT.inconclusive].find((code) => codes.includes(code)) ?? EXIT.ok;
}

/** The reader of stdout is gone (EPIPE): the work stops, and nobody is told, for nobody listens. */
export class OutputClosedError extends Error {
  override readonly name: string = 'OutputClosedError';
  constructor() {
    super('the reader of the output is gone');
  }
}

const UNREADABLE = new Set([
  'ENOENT',
  'EISDIR',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'ELOOP',
  'ENAMETOOLONG',
  'ENXIO',
  'EIO',
  'EBADF',
]);
const FILE_SYSCALLS = new Set(['open', 'read', 'stat', 'lstat', 'fstat', 'scandir', 'access', 'realpath', 'readlink']);
const USAGE_CODES = new Set([
  'ERR_UFO_INVALID_ARGUMENT',
  'ERR_UFO_USAGE',
  'ERR_UFO_NOT_A_PCAP',
  'ERR_UFO_UNREADABLE',
  'ENOTFOUND',
]);
/** Resolver failures that are no errno: the name may be right, the network is not. */
const RESOLVER_CODES = new Set(['EAI_AGAIN', 'EAI_FAIL', 'ETIMEOUT', 'ESERVFAIL', 'EREFUSED']);

/**
 * The one place that maps a failure to an exit code. Misuse and unreadable input are 2, what the kernel or a missing
 * package refuses is 3, anything we did not foresee is 70.
 */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof OutputClosedError) return EXIT.inconclusive;
  const { code, syscall, path } = fieldsOf(error);
  if (code === undefined) return EXIT.bug;
  if (USAGE_CODES.has(code)) return EXIT.usage;
  if (code.startsWith('ERR_UFO_')) return EXIT.device;
  if (RESOLVER_CODES.has(code)) return EXIT.device;
  if (!isErrno(code, syscall)) return EXIT.bug;
  const ofFile = path !== undefined || (syscall === 'read' && code === 'EISDIR');
  return ofFile && UNREADABLE.has(code) && FILE_SYSCALLS.has(syscall ?? '') ? EXIT.usage : EXIT.device;
}

/** Of several failures, where putting away (`await using`) failed as well, the one that came first. */
export function firstFailure(error: unknown): unknown {
  const suppressed: unknown =
    error instanceof Error && error.name === 'SuppressedError' && Reflect.get(error, 'suppressed');
  return suppressed ? firstFailure(suppressed) : error;
}

/**
 * What stderr gets for `error`: for what the user or the machine got wrong the message and the hint, for a bug of ours the
 * stack and a plea to report it. `who` is the command, `udp-ufo send`.
 */
export function describeError(error: unknown, who: string): string {
  if (exitCodeOf(error) !== EXIT.bug) {
    const { message, hint } = fieldsOf(error);
    return `${who}: ${message}${hint === undefined ? '' : `\n  ${hint}`}`;
  }
  const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  return `${who}: a bug of udp-ufo, not of yours: please report it with the command line and this text\n${stack}`;
}

interface ErrorFields {
  readonly message: string;
  readonly code?: string;
  readonly syscall?: string;
  readonly path?: string;
  readonly hint?: string;
}

function fieldsOf(error: unknown): ErrorFields {
  if (!(error instanceof Error)) return { message: String(error) };
  const text = (key: string): Record<string, string> => {
    const value: unknown = Reflect.get(error, key);
    return typeof value === 'string' ? { [key]: value } : {};
  };
  return { message: error.message, ...text('code'), ...text('syscall'), ...text('path'), ...text('hint') };
}

/** A kernel's refusal, and not one of Node's own `ERR_…`, which mean that we called Node wrongly. */
function isErrno(code: string, syscall: string | undefined): boolean {
  return /^E[A-Z0-9]+$/.test(code) || (syscall !== undefined && code.startsWith('errno '));
}
