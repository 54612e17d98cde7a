import { type Command, optionName } from './command.js';

/**
 * What the shell may offer for the last of `words` (those behind the program's name): commands first, then the values of an
 * option that has choices, else the options not yet given. Nothing where a value is free text: the shell offers files.
 */
export function completionsOf(words: readonly string[], commands: readonly Command[]): readonly string[] {
  const command = commands.find(({ name }) => name === words[0]);
  const current = words.at(-1) ?? '';
  if (words.length < 2 || command === undefined) {
    return [...commands.map(({ name }) => name), '--help', '--version'].filter((name) => name.startsWith(current));
  }
  if (words.slice(0, -1).includes('--')) return [];
  const before = words[words.length - 2]!;
  for (const [key, option] of Object.entries(command.options)) {
    if (option.kind !== 'value' || (before !== optionName(key, option) && before !== `-${option.alias}`)) continue;
    return (option.choices ?? []).filter((one) => one.startsWith(current));
  }
  if (current !== '' && !current.startsWith('-')) return [];
  const names = [...Object.entries(command.options).map(([key, option]) => optionName(key, option)), '--help'];
  return names.filter((name) => name.startsWith(current) && !words.slice(0, -1).includes(name));
}
