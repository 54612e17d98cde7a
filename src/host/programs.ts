import { UfoError } from '../errors.js';

/** What of us runs in a process or thread of its own, by the names of the files in `entry/`. */
export type ProgramName = 'main' | 'lab-init' | 'capture-child' | 'queue-worker' | 'far-receiver' | 'bench-sender';

let locate: ((name: ProgramName) => string) | undefined;

/** Says where the programs lie. They import everything, so those who start them must not know their files: told from above. */
export function locatePrograms(by: (name: ProgramName) => string): void {
  locate = by;
}

/**
 * The path of a program, to be started by `fork`, `spawn` or as a worker.
 * @throws UfoError ERR_UFO_NO_PROGRAMS where nothing has said where they lie
 */
export function programPath(name: ProgramName): string {
  if (locate === undefined) throw new UfoError('ERR_UFO_NO_PROGRAMS', `${name}: import entry/programs.js first`);
  return locate(name);
}
