import { nameArgument, UfoError } from '../errors.js';
import { type Command, type Input, optionName } from './command.js';

/**
 * Puts the command line's spelling where an error of the library names its own options: the argument in front of the message,
 * and what stands in backquotes in message and hint.
 */
export function spellOptions(error: unknown, command: Command): void {
  if (!(error instanceof UfoError)) return;
  const { argument, hint } = error;
  // What an option's value is about may stand behind its name: `rewrite: frame 3`.
  const [key, about] = argument?.split(/(?=:)/, 2) ?? [];
  const spelling = key === undefined ? undefined : spellingOf(key, command);
  if (spelling !== undefined) nameArgument(error, `${spelling}${about ?? ''}`);
  error.message = respelt(error.message, command);
  if (hint !== undefined) error.hint = respelt(hint, command);
}

/**
 * Names the argument that a file or a host stands in which could not be opened or found, where nothing else has: system calls
 * only know the file, and resolvers the host.
 */
export function blameArgument(error: unknown, { positionals, options }: Command, { texts }: Input): void {
  if (!(error instanceof Error) || Reflect.get(error, 'argument') !== undefined) return;
  const [path, hostname] = [Reflect.get(error, 'path'), Reflect.get(error, 'hostname')];
  const found = [...texts].find(([, text]) => text !== undefined && (text === path || hasHost(text, hostname)));
  if (found === undefined) return;
  const [key] = found;
  const argument = key in positionals ? key.toUpperCase() : optionName(key, options[key]!);
  error.message = `${argument}: ${error.message}`;
  Object.assign(error, { argument });
}

function hasHost(text: string, hostname: unknown): boolean {
  return typeof hostname === 'string' && (text === hostname || text.startsWith(`${hostname}:`));
}

function respelt(text: string, command: Command): string {
  return text.replace(/`(\w+)`/g, (_, key: string) => spellingOf(key, command) ?? key);
}

function spellingOf(key: string, { options }: Command): string | undefined {
  const option = options[key];
  return option === undefined ? undefined : optionName(key, option);
}
