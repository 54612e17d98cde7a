import yargs from 'yargs';
import { longName, type Option, type OptionGroup } from '../options/option.js';
import type { Command, Options } from './command.js';
import { PROGRAM } from './program.js';

export const DESCRIBE =
  'Real UDP datagrams of any size as IP fragments that you control: sent, captured and proven right';
export const NUMBERS =
  'Numbers: 1500, 0x5dc; k, M, G count in 1,000s and Ki, Mi, Gi in 1,024s, in sizes, counts and rates. Times: 500ms, 10s, 2m.';
export const EXIT_CODES =
  'Exit: 0 all right, 1 verification failed, 2 usage or unreadable input, 3 privilege or device, 4 inconclusive, 70 a bug.';

/**
 * The help of a command, or of the program without one, in lines of `width` columns. Only this needs yargs, whose loading takes
 * longer than everything else that a short command does: options and arguments proper are read by `tokens.ts`.
 */
export async function helpText(name: string | undefined, commands: readonly Command[], width: number): Promise<string> {
  const words = [...(name === undefined ? [] : [name]), '--help'];
  const text = await new Promise<string>((resolve, reject) => {
    const settle = (error: unknown, _argv: unknown, print: string): void => (error ? reject(error) : resolve(print));
    Promise.resolve(build(commands, width).parse(words, {}, settle)).catch(reject);
  });
  return text.trimEnd();
}

function build(commands: readonly Command[], width: number): Yargs {
  const parser = yargs()
    .scriptName(PROGRAM)
    .locale('en')
    .parserConfiguration({ 'boolean-negation': false, 'camel-case-expansion': false })
    .usage(`$0 COMMAND\n\n${DESCRIBE}`)
    .epilogue(`${NUMBERS}\n${EXIT_CODES}`)
    .wrap(width)
    .help()
    .alias('help', 'h')
    .version(PROGRAM)
    .exitProcess(false);
  for (const command of commands) {
    parser.command(
      usageOf(command),
      command.describe,
      (y) => declare(y, command),
      () => undefined,
    );
  }
  return parser;
}

/** The command with its arguments. */
export function usageOf(command: Command): string {
  const words = Object.entries(command.positionals).map(([key, { required }]) => (required ? `<${key}>` : `[${key}]`));
  return [command.name, ...words].join(' ');
}

type Yargs = ReturnType<typeof yargs>;

function declare(parser: Yargs, command: Command): Yargs {
  for (const [key, option] of Object.entries(command.positionals)) {
    parser.positional(key, { type: 'string', describe: option.describe });
  }
  declareOptions(parser, command.options);
  for (const [line, does] of command.examples) parser.example(`$0 ${line}`, does);
  const behind = command.rest === undefined ? '' : ` -- ${command.rest}`;
  return parser.usage(`$0 ${usageOf(command)} [OPTION …]${behind}\n\n${command.describe}`);
}

function declareOptions(parser: Yargs, options: Options): void {
  for (const [key, option] of Object.entries(options)) {
    parser.option(longName(key, option), {
      type: option.kind === 'flag' ? 'boolean' : 'string',
      describe: describeOption(option),
      ...(option.group === undefined ? {} : { group: GROUP_HEADINGS[option.group] }),
      ...(option.alias === undefined ? {} : { alias: option.alias }),
      ...(option.choices === undefined ? {} : { choices: option.choices }),
      ...(option.default === undefined ? {} : { default: option.default }),
    });
  }
}

export const GROUP_HEADINGS: Readonly<Record<OptionGroup, string>> = {
  payload: 'Payload:',
  pace: 'Pace:',
  headers: 'Headers:',
  way: 'Way out:',
  proof: 'Proof:',
  output: 'Output:',
};

/** Everything that help says of an option: what it is, what is allowed, and where it means something. */
export function describeOption({ describe, range, family, drivers, required }: Option<unknown>): string {
  const parts = [
    describe,
    ...(range === undefined ? [] : [range]),
    ...(family === undefined ? [] : [`IPv${family}`]),
    ...(drivers === undefined ? [] : [`only ${drivers.join(', ')}`]),
    ...(required === true ? ['must be given'] : []),
  ];
  return parts.join('; ');
}
