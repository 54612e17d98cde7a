import { nearest } from '../checks.js';
import { argumentError, type UfoError, usageError } from '../errors.js';
import { longName, type Option } from '../options/option.js';
import { type Command, optionName } from './command.js';
import { RENAMED } from './renamed.js';

/** What stands on the command line of one command: options by camelCase key, everything else in order. */
interface Tokens {
  readonly options: ReadonlyMap<string, string | undefined>;
  readonly words: readonly string[];
  readonly rest: readonly string[];
}

/**
 * Reads the options of `command` from `args`. yargs, which makes the help, would take `--size` without a value as NaN, the last
 * of two, `--json=maybe` for false, and `--no-json` for an option. Here all of these are refused, and so is any option that
 * the command does not have. `args` has the command's own name taken out.
 */
export function readTokens(command: Command, args: readonly string[]): Tokens {
  const options = new Map<string, string | undefined>();
  const words: string[] = [];
  const positionals = Object.keys(command.positionals).length;
  const end = args.indexOf('--');
  const mine = end < 0 ? args : args.slice(0, end);
  for (let at = 0; at < mine.length; at++) {
    const token = mine[at]!;
    if (!isOption(token)) {
      if (words.length === positionals) throw unexpected(command, token, mine[at - 1]);
      words.push(token);
      continue;
    }
    const equals = token.indexOf('=');
    const typed = equals < 0 ? token : token.slice(0, equals);
    const [key, option] = lookUp(command, typed);
    if (options.has(key)) throw usageError(`${typed}: given twice, want it once`);
    let text = equals < 0 ? undefined : token.slice(equals + 1);
    if (option.kind === 'value' && text === undefined) {
      const next = mine[at + 1];
      if (next === undefined || isOption(next)) throw usageError(`${typed}: got none, want ${valueWanted(option)}`);
      text = next;
      at++;
    }
    if (option.kind === 'flag' && text !== undefined) throw argumentError(typed, text, 'no value: it is there or not');
    if (text === '') throw argumentError(typed, text, valueWanted(option));
    options.set(key, text);
  }
  refuseMissing(command, words);
  refuseExclusive(command, options);
  if (end >= 0 && command.rest === undefined) throw usageError(`--: ${command.name} takes nothing behind it`);
  return { options, words, rest: end < 0 ? [] : args.slice(end + 1) };
}

/**
 * `-` alone is a file name (stdin or stdout) and `-5` a number, to be refused with its range where it is one; but `-4` and
 * `-6` name the family everywhere.
 */
export function isOption(token: string): boolean {
  return token.startsWith('-') && token !== '-' && (/^-[46]$/.test(token) || !/^-[\d.]/.test(token));
}

function valueWanted(option: Option<unknown>): string {
  return option.choices === undefined ? 'a value' : `one of ${option.choices.join(', ')}`;
}

function lookUp(command: Command, typed: string): [key: string, option: Option<unknown>] {
  for (const entry of Object.entries(command.options)) {
    const [key, option] = entry;
    if (typed === optionName(key, option) || (option.alias !== undefined && typed === `-${option.alias}`)) return entry;
  }
  throw unknownOption(command, typed);
}

function unknownOption(command: Command, typed: string): UfoError {
  const names = ['help', ...Object.entries(command.options).map(([key, option]) => longName(key, option))];
  const plain = typed.replace(/^-+/, '');
  const now = Object.hasOwn(RENAMED, plain) ? RENAMED[plain]!.filter((name) => names.includes(name)) : [];
  if (now.length > 0) {
    const renamed = now.map((name) => `--${name}`).join(' and ');
    return usageError(`${typed}: ${command.name} has no such option`, `it is ${renamed} now`);
  }
  const near = nearest(typed.replace(/^-+/, ''), names);
  const help = `udp-ufo ${command.name} --help shows the options`;
  return usageError(
    `${typed}: ${command.name} has no such option`,
    near === undefined ? help : `did you mean --${near}? ${help}`,
  );
}

/** A word too many; behind an option that takes its value only by `=` that is what was meant. */
function unexpected(command: Command, word: string, before: string | undefined): UfoError {
  const known = Object.entries(command.options).find(([key, option]) => optionName(key, option) === before);
  const meant = known?.[1].kind === 'optional-value';
  const behind = command.rest === undefined ? '' : `did you mean -- ${word}? `;
  const help = `${behind}udp-ufo ${command.name} --help shows what there is`;
  const hint = meant ? `did you mean ${before}=${word}?` : help;
  return usageError(`${word}: ${command.name} has no argument for it`, hint);
}

/** yargs counts missing arguments; people want to know which one. */
function refuseMissing(command: Command, words: readonly string[]): void {
  const keys = Object.keys(command.positionals);
  const missing = keys.slice(words.length).find((key) => command.positionals[key]!.required === true);
  if (missing === undefined) return;
  const { describe } = command.positionals[missing]!;
  throw usageError(
    `${missing.toUpperCase()}: not given (${describe})`,
    `udp-ufo ${command.name} --help shows examples`,
  );
}

function refuseExclusive(command: Command, options: ReadonlyMap<string, unknown>): void {
  for (const set of command.exclusive) {
    const given = set.filter((key) => options.has(key)).map((key) => optionName(key, command.options[key]!));
    if (given.length > 1) throw usageError(`${given.join(' and ')}: want only one of them`);
  }
}
