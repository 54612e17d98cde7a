import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { argumentError, systemError, UfoError } from '../errors.js';
import { MIDDLEBOXES } from './lab-middleboxes.js';
import type { LabNetworkOptions } from './lab-network.js';
import { effectiveCapabilities } from './privileges.js';
import { programPath } from './programs.js';
import { missingTool } from './run-tool.js';
import { userNamespaces } from './user-namespaces.js';

export interface RunInLabOptions {
  /** Octets, 68…65,535; 1,500 by default. Under 1,280 the lab has no IPv6. */
  readonly mtu?: number;
  /** Queues of each end of the wire, 1…1,024; 1 by default. */
  readonly queues?: number;
  /** A router between the two hosts: the name of a middlebox (`MIDDLEBOXES`), or words of sh(1) that it runs. */
  readonly router?: string;
  /**
   * No user namespace, so that root in the lab is the machine's own: for what those forbid (BPF programs). Needs root, and
   * what runs there is held back by nothing but its own network, mounts and processes.
   */
  readonly realRoot?: boolean;
  /** Kills the lab and all in it. */
  readonly signal?: AbortSignal;
  /** Kills it as long as the command has not been started, and nothing later: that one hears of signals itself. */
  readonly stop?: AbortSignal;
}

/** How the command ended, as Node tells it: one of the two is null. */
export interface LabExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What `runInLab` asks of `entry/lab-init` … */
export interface LabRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly network: LabNetworkOptions;
}

/** … asks it to pass on, at any time … */
export interface LabSignal {
  readonly signal: NodeJS.Signals;
}

/** … and what it hears from it. */
export type LabMessage =
  | { readonly type: 'started' }
  | { readonly type: 'running' }
  | ({ readonly type: 'exit' } & LabExit)
  | { readonly type: 'no-command'; readonly errno: number }
  | { readonly type: 'failed'; readonly message: string; readonly hint?: string };

/** What became of one attempt: the last message of `lab-init`, or, where it never came to life, the chain's last words. */
type Attempt = LabMessage | { readonly type: 'refused'; readonly text: string };

/** Passed on to the command. The stop and window-size signals come from the terminal, which sends them to all. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
/** A signal to all that comes to others first comes to us so much later at most, milliseconds. */
const HEARD_WITHIN_MS = 200;
/** Process 1 inherits orphans and must reap them: a shell that waits does, Node does not. Its death ends all of the lab. */
const SHELL = ['sh', '-c', '"$@"; exit $?', 'sh'];

/**
 * Runs a command in a network of its own: user, network, mount and process namespace, two hosts (`LabInfo`) joined by a
 * veth pair, ready before the command starts. Standard streams are inherited, SIGINT, SIGTERM, SIGHUP and SIGQUIT passed
 * on. Whatever ends this process, or any other of the chain, ends all of the lab: parent-death signals and process 1.
 *
 * Errors: `ERR_UFO_LAB_FORBIDDEN` with the reason where user namespaces are not allowed; ENOENT or EACCES, syscall
 * `execve`, for a command that can't be run. Main thread only (the parent-death signal follows the thread).
 */
export async function runInLab(
  command: string,
  args: readonly string[],
  options: RunInLabOptions = {},
): Promise<LabExit> {
  if (!isMainThread) throw new UfoError('ERR_UFO_LAB', 'a lab can only be started from the main thread');
  const request = { command, args, network: networkOptions(options) };
  const privileged = effectiveCapabilities().has('CAP_SYS_ADMIN');
  if (options.realRoot === true && !privileged) {
    throw new UfoError('ERR_UFO_LAB_FORBIDDEN', "a lab with the machine's own root needs CAP_SYS_ADMIN", 'use sudo');
  }
  let end: Attempt | undefined;
  let refusal = '';
  for (const namespaces of namespaceChoices(privileged, options.realRoot === true)) {
    end = await attempt(namespaces, request, options);
    if (end.type === 'refused' || end.type === 'failed') await throwIfStopped(options);
    if (end.type !== 'refused') break;
    refusal ||= end.text;
  }
  switch (end?.type) {
    case 'exit':
      return { code: end.code, signal: end.signal };
    case 'no-command':
      throw systemError(end.errno, 'execve', { path: command, hint: 'is the command installed, and in PATH?' });
    case 'failed':
      if (!userNamespaces(privileged).allowed) throw forbidden(end.message, privileged); // namespaces without powers
      throw new UfoError('ERR_UFO_LAB', `the lab's network could not be built: ${end.message}`, end.hint);
    default:
      throw forbidden(refusal, privileged);
  }
}

/** A signal for all (Ctrl-C) may end what builds the lab before we hear of it ourselves: it was no refusal then. */
async function throwIfStopped({ signal, stop }: RunInLabOptions): Promise<void> {
  await sleep(HEARD_WITHIN_MS);
  signal?.throwIfAborted();
  stop?.throwIfAborted();
}

function networkOptions({ mtu = 1500, queues = 1, router }: RunInLabOptions): LabNetworkOptions {
  if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65535) throw argumentError('mtu', mtu, '68…65535 octets');
  if (!Number.isInteger(queues) || queues < 1 || queues > 1024) throw argumentError('queues', queues, '1…1024');
  return { mtu, queues, ...(router === undefined ? {} : { router: rulesOf(router) }) };
}

/** One word is a name, several are a script. */
function rulesOf(router: string): string {
  if (Object.hasOwn(MIDDLEBOXES, router)) return MIDDLEBOXES[router]!.rules;
  if (/\s/.test(router)) return router;
  throw argumentError('router', router, `${Object.keys(MIDDLEBOXES).join(', ')}, or words of sh(1)`);
}

/**
 * First the full set. A container that masks parts of /proc refuses a new /proc: the lab works with the old one too, its
 * processes then see themselves under other ids there. Root (CAP_SYS_ADMIN) needs no user namespace where those are forbidden.
 */
function namespaceChoices(privileged: boolean, realRoot: boolean): string[][] {
  const rest = ['--net', '--mount', '--pid', '--fork', '--kill-child'];
  const user = ['--user', '--map-root-user', ...rest];
  const choices = [[...user, '--mount-proc'], user];
  const asRoot = [[...rest, '--mount-proc'], rest];
  if (realRoot) return asRoot;
  return privileged ? [...choices, ...asRoot] : choices;
}

/** `setpriv` makes the kernel kill `unshare` when this process goes; `--kill-child` does the same for process 1. */
function attempt(
  namespaces: readonly string[],
  request: LabRequest,
  { signal: abort, stop }: RunInLabOptions,
): Promise<Attempt> {
  abort?.throwIfAborted();
  stop?.throwIfAborted();
  const chain = [
    '--pdeathsig',
    'KILL',
    '--',
    'unshare',
    ...namespaces,
    '--',
    ...SHELL,
    process.execPath,
    programPath('lab-init'),
  ];
  const child = spawn('setpriv', chain, { stdio: ['inherit', 'inherit', 'pipe', 'ipc', 2] });
  const stopForwarding = forwardSignals(child);
  let last: LabMessage | undefined;
  const kill = () => child.kill('SIGKILL');
  const killEarly = () => last?.type !== 'running' && kill();
  abort?.addEventListener('abort', kill);
  stop?.addEventListener('abort', killEarly);
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  return new Promise<Attempt>((resolve, reject) => {
    child.on('message', (message: LabMessage) => {
      last = message;
    });
    child.on('error', () => reject(missingTool('setpriv')));
    child.on('close', (code, signal) => {
      if (abort?.aborted) reject(abort.reason);
      else if (stop?.aborted && (last === undefined || last.type === 'started')) reject(stop.reason);
      else if (last === undefined) resolve({ type: 'refused', text: text.trim() || `exit status ${code ?? signal}` });
      else
        resolve(
          last.type === 'started' || last.type === 'running'
            ? { type: 'exit', code: null, signal: signal ?? 'SIGKILL' }
            : last,
        );
    });
    child.send(request, () => undefined); // a refused chain closes the channel; `close` tells why
  }).finally(() => {
    stopForwarding();
    abort?.removeEventListener('abort', kill);
    stop?.removeEventListener('abort', killEarly);
  });
}

/** Over the IPC channel, because signals sent to `unshare` stay there. */
function forwardSignals(child: ChildProcess): () => void {
  const handlers = FORWARDED.map((signal) => {
    const handler = () => child.connected && child.send({ signal } satisfies LabSignal, () => undefined);
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const off of handlers) off();
  };
}

function forbidden(text: string, privileged: boolean): UfoError {
  const { reason, hint } = userNamespaces(privileged);
  const why =
    reason ??
    (process.geteuid?.() === 0 && text.includes('uid_map')
      ? 'root without CAP_SETFCAP may not map its own id'
      : 'no known switch forbids it, so a container, its seccomp filter or a chroot may');
  return new UfoError('ERR_UFO_LAB_FORBIDDEN', `this system does not let us make a lab: ${why} (${text})`, hint);
}

/** The exit status a shell would give: 128 + number for a signal. */
export function exitStatus({ code, signal }: LabExit): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
