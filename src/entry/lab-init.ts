/**
 * First in a lab: builds the network, runs the command, passes signals on to it, and ends with it. Then process 1, the
 * shell that waits for it, ends too, and the kernel kills every process of the lab and takes the namespaces down.
 *
 * It talks with `runInLab` over Node's IPC channel. Its own standard error is a pipe to `runInLab`, which makes an error
 * out of what it finds there; the user's standard error is descriptor 4 and goes to the command.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LAB_VARIABLE, type LabInfo } from '../host/lab-info.js';
import { buildLabNetwork } from '../host/lab-network.js';
import type { LabMessage, LabRequest, LabSignal } from '../host/run-in-lab.js';

const COMMAND_STDERR = 4;
/** Where a build of a checkout has `udp-ufo` by its name; behind everything else on PATH. */
const OWN_BIN = fileURLToPath(new URL('../../bin', import.meta.url));
/** How long a signal from the terminal and `runInLab`'s word of the same signal may lie apart, milliseconds. */
const SAME_SIGNAL_MS = 100;

/** When this process itself last got each signal, by `Date.now()`. */
const heard = new Map<NodeJS.Signals, number>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
  process.on(signal, () => heard.set(signal, Date.now()));
}
process.on('disconnect', () => process.exit(1)); // runInLab is gone
process.once('message', (request: LabRequest) => {
  process.on('message', ({ signal }: LabSignal) => passOn(signal));
  void start(request);
});

let child: ChildProcess | undefined;

async function start({ command, args, network }: LabRequest): Promise<void> {
  tell({ type: 'started' }); // before anything can end this process: from here on the namespaces were not refused
  let info: LabInfo;
  try {
    info = await buildLabNetwork(network);
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    return finish({ type: 'failed', message, ...(hint === undefined ? {} : { hint }) });
  }
  const PATH = `${process.env['PATH'] ?? ''}:${OWN_BIN}`;
  const env = { ...process.env, PATH, [LAB_VARIABLE]: JSON.stringify(info) };
  child = spawn(command, args, { env, stdio: ['inherit', 'inherit', COMMAND_STDERR] });
  child.on('error', (error: NodeJS.ErrnoException) => finish({ type: 'no-command', errno: -(error.errno ?? -2) }));
  child.on('exit', (code, signal) => finish({ type: 'exit', code, signal }));
  if (child.pid !== undefined) tell({ type: 'running' });
}

/** A signal that this process heard itself at the same time came from the terminal, and went to the command as well. */
function passOn(signal: NodeJS.Signals): void {
  if (child === undefined) {
    finish({ type: 'exit', code: null, signal });
    return;
  }
  setTimeout(() => {
    if (Date.now() - (heard.get(signal) ?? 0) > 2 * SAME_SIGNAL_MS) child?.kill(signal);
  }, SAME_SIGNAL_MS);
}

function tell(message: LabMessage): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

function finish(message: LabMessage): void {
  process.send?.(message, undefined, undefined, () => process.exit(0));
}
