import { readFileSync } from 'node:fs';

/** Help texts as they are laid out for a width, by the name of the command; '' for the program's own. */
export type ReadyTexts = Readonly<Record<string, string>>;

/** Widths that texts are made ready for, columns: usual terminals, and what is no terminal. */
export const READY_WIDTHS: readonly number[] = [80, 100, 120];
/** Where there is no terminal that says how wide it is; a wider one is not filled. */
const WIDTH = 100;
const WIDEST = 120;

/** Columns of a help text. */
export function helpWidth(columns: number | undefined): number {
  return Math.min(WIDEST, columns ?? WIDTH);
}

/** Beside the programs' folder, where they are bundled. */
export function readyFile(width: number): string {
  return `help-${width}.json`;
}

/**
 * The version, or a help text that was made when the program was bundled: loading everything that could make it takes longer
 * than reading it. null for all else, and where nothing was made ready.
 */
export function readyText(args: readonly string[], columns: number | undefined): string | null {
  if (args.length === 1 && args[0] === '--version') return version();
  const name = args.length === 2 ? args[0]! : '';
  if (args.length === 0 || args.length > 2 || !isHelp(args.at(-1))) return null;
  try {
    const file = new URL(`../${readyFile(helpWidth(columns))}`, import.meta.url);
    const texts = JSON.parse(readFileSync(file, 'utf8')) as ReadyTexts;
    return Object.hasOwn(texts, name) ? texts[name]! : null;
  } catch {
    return null;
  }
}

export function isHelp(word: string | undefined): boolean {
  return word === '--help' || word === '-h';
}

export function version(): string {
  // Four levels up from dist/src/cli/ or dist/bundle/entry/, in a checkout and in an installed package alike.
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
