import { longName, type Option } from '../options/option.js';
import type { Command, Options } from './command.js';
import { DESCRIBE, describeOption, EXIT_CODES, GROUP_HEADINGS, NUMBERS, usageOf } from './help.js';
import { PROGRAM } from './program.js';

/** The manual page, in the macros of man(7), from what the help is made from. @param date of the page: `2026-11-25` */
export function manPage(commands: readonly Command[], version: string, date: string): string {
  const lines = [
    `.TH ${PROGRAM.toUpperCase()} 1 "${date}" "${PROGRAM} ${version}" "User Commands"`,
    ...['.SH NAME', `${text(PROGRAM)} \\- ${text(DESCRIBE)}`],
    ...['.SH SYNOPSIS', `.B ${text(PROGRAM)}`, '.I COMMAND', '[OPTION ...]'],
    ...['.SH DESCRIPTION', line(`${DESCRIBE}. ${NUMBERS}`)],
    ...['.SH COMMANDS', ...commands.flatMap(commandLines)],
    ...['.SH EXIT STATUS', line(EXIT_CODES)],
    ...['.SH SEE ALSO', '.BR ip (8),', '.BR tcpdump (8),', '.BR unshare (1)'],
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(command: Command): string[] {
  const behind = command.rest === undefined ? '' : ` -- ${command.rest}`;
  const groups = new Map<string, Options>();
  for (const [key, option] of Object.entries(command.options)) {
    const heading = option.group === undefined ? 'Options:' : GROUP_HEADINGS[option.group];
    groups.set(heading, { ...groups.get(heading), [key]: option });
  }
  return [
    `.SS "${text(`${PROGRAM} ${usageOf(command)} [OPTION ...]${behind}`)}"`,
    line(`${command.describe}.`),
    ...Object.entries(command.positionals).flatMap(([key, option]) => item(`.I ${text(key.toUpperCase())}`, option)),
    ...[...groups].flatMap(([heading, options]) => [
      '.PP',
      `.B ${text(heading)}`,
      ...Object.entries(options).flatMap(optionLines),
    ]),
    ...['.PP', '.B Examples:'],
    ...command.examples.flatMap(([typed, does]) => ['.TP', `.B ${text(`${PROGRAM} ${typed}`)}`, line(does)]),
  ];
}

function optionLines([key, option]: [string, Option<unknown>]): string[] {
  const alias = option.alias === undefined ? '' : `-${option.alias}, `;
  const value = { flag: '', value: ' VALUE', 'optional-value': '[=VALUE]' }[option.kind];
  return item(`.B ${text(`${alias}--${longName(key, option)}${value}`)}`, option);
}

function item(head: string, option: Option<unknown>): string[] {
  const { choices, default: byDefault } = option;
  const told = [
    describeOption(option),
    ...(choices === undefined ? [] : [`one of ${choices.join(', ')}`]),
    ...(byDefault === undefined ? [] : [`default ${byDefault}`]),
  ];
  return ['.TP', head, line(told.join('; '))];
}

/** A line of running text: nothing at its beginning is taken for a request. */
function line(words: string): string {
  const escaped = text(words);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

const PLAIN: Readonly<Record<string, string>> = { '\\': '\\e', '-': '\\-', '"': '\\(dq', '…': '...', '→': '\\(->' };

/** Nothing in it means anything to roff, and it needs no other encoding than ASCII. */
function text(words: string): string {
  return words.replace(/[\\\-"]|[^ -~]/gu, (one) => {
    return PLAIN[one] ?? `\\[u${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`;
  });
}
