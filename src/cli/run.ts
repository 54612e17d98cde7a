import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, EXIT, exitCodeOf, firstFailure, OutputClosedError } from '../app/common/exit-codes.js';
import type { Output } from '../app/common/output.js';
import { nearest } from '../checks.js';
import { usageError } from '../errors.js';
import type { Command } from './command.js';
import { completionsOf } from './completions.js';
import { PROGRAM } from './program.js';
import { helpWidth, isHelp, readyText, version } from './ready-text.js';
import { blameArgument, spellOptions } from './spell.js';
import { type StopSignal, stopSignal } from './stop-signal.js';
import { isOption, readTokens } from './tokens.js';

const VERSION = '--version';
/** What a process of ours that ended early makes of a command. */
const CHILD_CODES = new Set(['ERR_UFO_CAPTURE_DIED', 'ERR_UFO_LAB', 'ERR_UFO_TOOL']);
const HEARD_WITHIN_MS = 100;
/** Put in front by the completion script. */
const COMPLETE = '--get-completions';

/** Runs one command line (without the program's name in front) to its end; resolves to the exit code and never rejects. */
export async function run(args: readonly string[], commands: readonly Command[], output: Output): Promise<number> {
  const stop = stopSignal(output.signal);
  const named = commandOf(args, commands);
  try {
    if (args[0] === COMPLETE) return await printCompletions(args.slice(1), commands, output);
    return (await printText(args, named, commands, output)) ?? (await runCommand(args, named, commands, output, stop));
  } catch (error) {
    return await endWith(firstFailure(error), named, { args, output, stop });
  } finally {
    await output.end();
    stop.finish();
  }
}

/** Help and version; undefined when work is wanted. A reader who closes the pipe early has read enough. */
async function printText(
  args: readonly string[],
  named: Command | undefined,
  commands: readonly Command[],
  output: Output,
): Promise<number | undefined> {
  const mine = ownArgs(args);
  const help = mine.length === 0 || mine.some(isHelp);
  if (!help && !mine.includes(VERSION)) return undefined;
  const text = help ? await helpOf(named?.name, commands) : version();
  if (mine.length === 0) {
    output.note(text);
    return EXIT.usage;
  }
  try {
    await output.line(text);
  } catch (error) {
    if (!(error instanceof OutputClosedError)) throw error;
  }
  return EXIT.ok;
}

async function helpOf(name: string | undefined, commands: readonly Command[]): Promise<string> {
  const { columns } = process.stdout;
  const ready = readyText(name === undefined ? ['--help'] : [name, '--help'], columns);
  return ready ?? (await import('./help.js')).helpText(name, commands, helpWidth(columns));
}

async function printCompletions(
  words: readonly string[],
  commands: readonly Command[],
  output: Output,
): Promise<number> {
  for (const one of await completionsOf(words, commands)) await output.line(one);
  return EXIT.ok;
}

async function runCommand(
  args: readonly string[],
  named: Command | undefined,
  commands: readonly Command[],
  output: Output,
  stop: StopSignal,
): Promise<number> {
  if (named === undefined) throw unknownCommand(args, commands);
  const at = args.indexOf(named.name);
  if (at > 0) throw usageError(`${args[0]}: options stand behind the command`, `${PROGRAM} ${named.name} ${args[0]} …`);
  const { options, words, rest } = readTokens(named, args.slice(1));
  const keys = Object.keys(named.positionals);
  const positionals = words.map((word, index) => [keys[index]!, word] as const);
  const input = { texts: new Map([...positionals, ...options]), rest };
  const code = await named.run(input, { output, signal: stop.signal }).catch((error: unknown) => {
    blameArgument(firstFailure(error), named, input);
    throw error;
  });
  return stop.received === undefined || named.endsInOrder ? code : dieOf(stop.received);
}

/** As the caller of a command that a signal ended expects; when all is written. */
function dieOf(signal: NodeJS.Signals): number {
  process.once('beforeExit', () => process.kill(process.pid, signal));
  return EXIT.inconclusive;
}

/** Says what went wrong, on stderr. A command that a signal ended dies of that signal, as its caller expects. */
async function endWith(
  error: unknown,
  named: Command | undefined,
  { args, output, stop }: { args: readonly string[]; output: Output; stop: StopSignal },
): Promise<number> {
  if (isClosedPipe(error) || (output.signal.aborted && isAbort(error))) return EXIT.inconclusive;
  if (isOfChild(error)) await sleep(HEARD_WITHIN_MS);
  if (stop.received !== undefined && (isAbort(error) || isOfChild(error))) return dieOf(stop.received);
  if (named !== undefined) spellOptions(error, named);
  output.note(describeError(error, named === undefined ? PROGRAM : `${PROGRAM} ${named.name}`));
  const exitCode = exitCodeOf(error);
  if (ownArgs(args).includes('--json')) await writeError(error, exitCode, output);
  return exitCode;
}

/** What stands in front of `--`, behind which a command of another program is. */
function ownArgs(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end < 0 ? args : args.slice(0, end);
}

/** For programs: the last object on stdout says why there is no more. */
async function writeError(error: unknown, exitCode: number, output: Output): Promise<void> {
  const field = (key: string): unknown => (error instanceof Error ? (Reflect.get(error, key) ?? null) : null);
  const message = error instanceof Error ? error.message : String(error);
  const fields = { code: field('code'), message, hint: field('hint'), argument: field('argument'), exitCode };
  try {
    await output.json({ type: 'error', ...fields });
  } catch {
    // its reader has gone
  }
}

/** The reader of stdout is gone, whether our output noticed or a writer of octets: the only pipe that commands write to. */
function isClosedPipe(error: unknown): boolean {
  if (error instanceof OutputClosedError) return true;
  return error instanceof Error && Reflect.get(error, 'code') === 'EPIPE' && Reflect.get(error, 'syscall') === 'write';
}

/** Ctrl-C goes to processes of ours, too, which may die of it before we hear of it ourselves. */
function isOfChild(error: unknown): boolean {
  return error instanceof Error && CHILD_CODES.has(String(Reflect.get(error, 'code')));
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || Reflect.get(error, 'code') === 'ABORT_ERR');
}

/** The command is the first word that is no option. */
function commandOf(args: readonly string[], commands: readonly Command[]): Command | undefined {
  const word = args.find((arg) => !isOption(arg));
  return commands.find(({ name }) => name === word);
}

function unknownCommand(args: readonly string[], commands: readonly Command[]): Error {
  const names = commands.map(({ name }) => name);
  const word = args.find((arg) => !isOption(arg));
  if (word === undefined) {
    const meant = nearest(args[0]!, ['--help', VERSION]);
    const hint = meant === undefined ? `${PROGRAM} --help explains them` : `did you mean ${meant}?`;
    return usageError(`${args[0]}: no command given, want one of ${names.join(', ')}`, hint);
  }
  const near = nearest(word, names);
  const hint = near === undefined ? `${PROGRAM} --help explains them` : `did you mean ${near}?`;
  return usageError(`${word}: no such command, want one of ${names.join(', ')}`, hint);
}
