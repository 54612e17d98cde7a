import { nameArgument, UfoError } from '../errors.js';
import { type Command, optionName } from './command.js';

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

function respelt(text: string, command: Command): string {
  return text.replace(/`(\w+)`/g, (_, key: string) => spellingOf(key, command) ?? key);
}

function spellingOf(key: string, { options }: Command): string | undefined {
  const option = options[key];
  return option === undefined ? undefined : optionName(key, option);
}
