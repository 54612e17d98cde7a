import { execFile } from 'node:child_process';
import { UfoError, unsupportedError } from '../errors.js';

/** Debian, Fedora and Arch all carry these programs in packages of these names. */
const PACKAGE: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount (util-linux)',
};

export interface ToolOptions {
  /** Written to the program's standard input. */
  readonly input?: string;
  /** The program is killed after so many milliseconds; 5,000 by default. */
  readonly timeoutMs?: number;
  /** Aborted: the program is killed. */
  readonly signal?: AbortSignal;
  /** Ours where it is left out. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program of the system and gives its standard output.
 * Errors: `ERR_UFO_UNSUPPORTED` where it is not installed, `ERR_UFO_TOOL` with its last words where it failed.
 */
export function runTool(command: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  const { timeoutMs: timeout = 5000, signal, env = process.env } = options;
  const limits = { timeout, killSignal: 'SIGKILL', maxBuffer: 1 << 24, env, ...(signal && { signal }) } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(command, [...args], limits, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') reject(missingTool(command));
      else reject(new UfoError('ERR_UFO_TOOL', `${command} ${args.join(' ')}: ${stderr.trim() || error.message}`));
    });
    child.stdin?.on('error', () => undefined); // it may end before it has read everything; its exit status tells
    child.stdin?.end(options.input ?? '');
  });
}

/** The error for a program that is not there, naming the package that brings it. */
export function missingTool(command: string): UfoError {
  return unsupportedError(`${command}: not found`, `install ${PACKAGE[command] ?? command} and see that it is in PATH`);
}
