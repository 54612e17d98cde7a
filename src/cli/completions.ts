import { networkInterfaces } from 'node:os';
import type { Option } from '../options/option.js';
import { type Command, optionName } from './command.js';
import { PROGRAM } from './program.js';

/**
 * What the shell may offer for the last of `words` (those behind the program's name): commands first, then the values of an
 * option or argument that has choices, names or takes an interface, also behind `--name=`, else the options not yet given.
 * Nothing where a value is free text or a file: the shell offers files. Behind `lab -- udp-ufo` it begins anew.
 */
export async function completionsOf(
  words: readonly string[],
  commands: readonly Command[],
): Promise<readonly string[]> {
  const behind = words.slice(0, -1).indexOf('--');
  if (behind >= 0) {
    const inner = words.slice(behind + 1);
    const ours = inner.length > 1 && inner[0]!.split('/').at(-1) === PROGRAM;
    return ours ? completionsOf(inner.slice(1), commands) : [];
  }
  const command = commands.find(({ name }) => name === words[0]);
  const current = words.at(-1) ?? '';
  if (words.length < 2 || command === undefined) {
    return [...commands.map(({ name }) => name), '--help', '--version'].filter((name) => name.startsWith(current));
  }
  const equals = current.indexOf('=');
  if (current.startsWith('--') && equals > 0) {
    const name = current.slice(0, equals);
    const option = optionOf(command, name);
    return (await valuesOf(option, current.slice(equals + 1))).map((value) => `${name}=${value}`);
  }
  const before = optionOf(command, words[words.length - 2]!);
  if (before?.kind === 'value') return valuesOf(before, current);
  const values = current.startsWith('-') ? [] : await valuesOf(positionalAt(command, words.slice(1, -1)), current);
  if (values.length > 0 || (current !== '' && !current.startsWith('-'))) return values;
  const names = [...Object.entries(command.options).map(([key, option]) => optionName(key, option)), '--help'];
  return names.filter((name) => name.startsWith(current) && !words.slice(0, -1).includes(name));
}

function optionOf({ options }: Command, typed: string): Option<unknown> | undefined {
  return Object.entries(options).find(
    ([key, option]) =>
      typed === optionName(key, option) || (option.alias !== undefined && typed === `-${option.alias}`),
  )?.[1];
}

/** The argument without a name that stands behind `words`; undefined where all there are have been given. */
function positionalAt(command: Command, words: readonly string[]): Option<unknown> | undefined {
  const given = words.filter(
    (word, i) => !word.startsWith('-') && optionOf(command, words[i - 1] ?? '')?.kind !== 'value',
  );
  return Object.values(command.positionals)[given.length];
}

async function valuesOf(option: Option<unknown> | undefined, begun: string): Promise<string[]> {
  const { choices, completes } = option ?? {};
  if (typeof completes !== 'function') {
    const values = choices ?? (completes === 'interface' ? Object.keys(networkInterfaces()) : []);
    return values.filter((value) => value.startsWith(begun));
  }
  const before = begun.slice(0, begun.lastIndexOf(',') + 1);
  return (await completes()).map((name) => `${before}${name}`).filter((value) => value.startsWith(begun));
}
