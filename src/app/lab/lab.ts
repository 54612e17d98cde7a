import { exitStatus, MIDDLEBOXES, type RunInLabOptions, runInLab } from '../../host/lab.js';
import type { Output } from '../common/output.js';

interface LabArguments extends Omit<RunInLabOptions, 'signal'> {
  /** The command and its arguments; the user's shell where empty. */
  readonly command: readonly string[];
}

/** Runs a command in a lab and gives the exit status a shell would show: the command's, or 128 + its signal. */
export async function lab({ command, ...options }: LabArguments): Promise<number> {
  const [program = process.env['SHELL'] ?? '/bin/sh', ...args] = command;
  return exitStatus(await runInLab(program, args, options));
}

/** What `lab --router` takes by name. */
export const ROUTER_NAMES: readonly string[] = [...Object.keys(MIDDLEBOXES), 'list'];

/** `lab --router list`. */
export async function listMiddleboxes(output: Output): Promise<void> {
  for (const [name, { does }] of Object.entries(MIDDLEBOXES)) await output.line(`${name.padEnd(16)}${does}`);
}
