import type { FileCapture } from '../../capture/file/engine.js';
import type { Output } from './output.js';
import { printable } from './printable.js';

/** Says what is missing or wrong at the end of a file. @param so what that makes of what was done */
export function noteFault({ source, fault }: Pick<FileCapture, 'source' | 'fault'>, so: string, output: Notes): void {
  if (fault !== '') output.note(printable(`${source}: ${fault}; ${so}`));
}

/** Says what a file tells of itself. */
export function noteFile(source: string, notes: readonly string[], output: Notes): void {
  for (const text of notes) output.note(printable(`${source}: ${text}`));
}

type Notes = Pick<Output, 'note'>;
