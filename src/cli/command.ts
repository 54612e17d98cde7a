import type { NamedFile } from '../app/common/distinct-files.js';
import type { Output } from '../app/common/output.js';
import { longName, type Option } from '../options/option.js';

export type Options = Readonly<Record<string, Option<unknown>>>;

/** What the handler receives: each option's parsed value under its camelCase key, and the words behind `--`. */
type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

export interface CommandContext {
  readonly output: Output;
  /** Aborted by SIGINT, SIGTERM, SIGHUP and by a closed stdout. */
  readonly signal: AbortSignal;
  /** The words behind `--`; always empty unless the command takes them. */
  readonly rest: readonly string[];
}

/** One command of the program, as written in its own file. */
interface CommandSpec<P extends Options, O extends Options> {
  readonly name: string;
  readonly describe: string;
  /** Arguments without a name, in order: all of them are required unless parsed otherwise. */
  readonly positionals?: P;
  /** Keys in camelCase: `datagramSize` is `--datagram-size`. */
  readonly options?: O;
  /** Sets of options of which at most one may be given. */
  readonly exclusive?: readonly (readonly (keyof O & string)[])[];
  /** What stands behind `--`, for the usage line: `COMMAND [ARGUMENT …]`. Without it `--` is refused. */
  readonly rest?: string;
  /** Told to stop it ends in order, and its exit code stands; other commands die of the signal. */
  readonly endsInOrder?: true;
  /** At least one: what to type, and what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Loads what it needs from app/ when called, so that `--help` loads nothing. Returns the exit code, 0 if nothing. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing ends with 0
  readonly handler: (values: Values<P> & Values<O>, context: CommandContext) => Promise<number | void>;
}

/** A command whose types are checked and then forgotten, so that all commands fit one list. */
export interface Command {
  readonly name: string;
  readonly describe: string;
  readonly positionals: Options;
  readonly options: Options;
  readonly exclusive: readonly (readonly string[])[];
  readonly rest: string | undefined;
  readonly endsInOrder: boolean;
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Parses every text of `input`, then calls the handler. */
  readonly run: (input: Input, context: Omit<CommandContext, 'rest'>) => Promise<number>;
}

/** What was typed, by camelCase key; a key with undefined was given without a value. */
export interface Input {
  readonly texts: ReadonlyMap<string, string | undefined>;
  readonly rest: readonly string[];
}

export function defineCommand<
  const P extends Options = Record<never, never>,
  const O extends Options = Record<never, never>,
>(spec: CommandSpec<P, O>): Command {
  const positionals = spec.positionals ?? {};
  const options = spec.options ?? {};
  return {
    name: spec.name,
    describe: spec.describe,
    positionals,
    options,
    exclusive: spec.exclusive ?? [],
    rest: spec.rest,
    endsInOrder: spec.endsInOrder ?? false,
    examples: spec.examples,
    run: async (input, context) => {
      const values = {
        ...parseAll(positionals, input, (key) => key.toUpperCase()),
        ...parseAll(options, input, optionName),
      };
      const toStdout = await requireDistinct([
        ...filesOf(positionals, values, (key) => key.toUpperCase()),
        ...filesOf(options, values, optionName),
      ]);
      if (toStdout) context.output.stepAside();
      const code = await spec.handler(values as Values<P> & Values<O>, { ...context, rest: input.rest });
      return code ?? 0;
    },
  };
}

/** `datagramSize` → `--datagram-size`, unless the option has a name of its own. */
export function optionName(key: string, option: Pick<Option<unknown>, 'name'>): string {
  return `--${longName(key, option)}`;
}

/** The files that a command reads and writes, before it begins; whether it writes one to standard output. */
async function requireDistinct(files: readonly NamedFile[]): Promise<boolean> {
  if (files.every(({ opens }) => opens === 'input')) return false;
  const distinct = await import('../app/common/distinct-files.js');
  return distinct.requireDistinct(files);
}

function filesOf(
  options: Options,
  values: Readonly<Record<string, unknown>>,
  nameOf: (key: string, option: Option<unknown>) => string,
): NamedFile[] {
  return Object.entries(options).flatMap(([key, option]) => {
    const [{ opens }, path] = [option, values[key]];
    return opens === undefined || typeof path !== 'string' ? [] : [{ by: nameOf(key, option), path, opens }];
  });
}

function parseAll(
  options: Options,
  { texts }: Input,
  nameOf: (key: string, option: Option<unknown>) => string,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, option]) => {
      const given = texts.has(key);
      return [key, option.parse(given ? texts.get(key) : option.default, nameOf(key, option), given)];
    }),
  );
}
