import { fstatSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { usageError } from '../../errors.js';
import { descriptorOf } from '../../host/output-descriptor.js';
import { targetOf } from '../../host/output-target.js';

/** A file that a command line names. */
export interface NamedFile {
  /** The option, or the argument, that names it. */
  readonly by: string;
  /** As it was typed; `-` is standard input or output. */
  readonly path: string;
  readonly opens: 'input' | 'output';
}

const STDOUT = 1;

/** What a command reads where no option names a file. */
const STDIN: NamedFile = { by: 'standard input', path: '-', opens: 'input' };

/**
 * Holds that every output of a command line is a file of its own: over an input it would destroy what is read, and two of them
 * each other. Devices, pipes and terminals take octets for any number of names; standard output takes one file's.
 * @returns whether one of them is standard output, where nothing else may then be written
 * @throws UfoError ERR_UFO_USAGE, naming the output
 */
export async function requireDistinct(files: readonly NamedFile[]): Promise<boolean> {
  const outputs = files.filter(({ opens }) => opens === 'output');
  if (outputs.length === 0) return false;
  const seen = new Map<string, NamedFile>();
  for (const file of [...files.filter(({ opens }) => opens === 'input'), STDIN, ...outputs]) {
    const place = await placeOf(file);
    if (place === null) continue;
    const other = seen.get(place);
    if (other !== undefined && file.opens === 'output') throw clash(file, other);
    seen.set(place, file);
  }
  const [first, second] = await onStdout(outputs);
  if (first !== undefined && second !== undefined) throw clash(second, first);
  return first !== undefined;
}

async function onStdout(outputs: readonly NamedFile[]): Promise<NamedFile[]> {
  const descriptors = await Promise.all(outputs.map(({ path }) => descriptorOf(path)));
  return outputs.filter((_, index) => descriptors[index] === STDOUT);
}

function clash({ by, path }: NamedFile, other: NamedFile): Error {
  if (other.opens === 'input') return usageError(`${by}: ${path} is the file that is read`, 'write to another file');
  return usageError(`${by}: ${path} is the file that ${other.by} writes`, 'give each a file of its own');
}

/** The same text for the same file; null for what is none, or where opening it will tell what is wrong. */
async function placeOf({ path, opens }: NamedFile): Promise<string | null> {
  try {
    const found = path === '-' ? fstatSync(opens === 'input' ? 0 : 1) : await stat(path);
    return found.isFile() ? `${found.dev}:${found.ino}` : found.isBlockDevice() ? `device ${found.rdev}` : null;
  } catch {
    return opens === 'output' && path !== '-' ? placeToBe(path) : null;
  }
}

/** Where a file that is not there yet will be. */
async function placeToBe(path: string): Promise<string | null> {
  try {
    const target = targetOf(path);
    return join(await realpath(dirname(target)), basename(target));
  } catch {
    return null;
  }
}
