/**
 * The one owner of every option. What an option is called, what it takes, in which unit and range, for which family, and what
 * `--help` says of it stands here once; the library's types and checks, the command line, its help and completion, and the
 * table of `doctor` are made from it.
 *
 * To add an option:
 * - of the headers or of the way out (it is told to a driver): a row in `headers.ts` or `way.ts`. `SocketOptions` has it then,
 *   `createSocket` checks it, `send` (and `segment`, where it is about headers) offers it. Then name it in `honours` of the
 *   `traits.ts` of each driver that does as it says: every other driver refuses it, naming those.
 * - of payload, pace or proof: a row in `payload.ts`, `pace.ts` or `proof.ts`; the commands spread these tables.
 * - of one command only: a row in that command's `options` in `src/cli/`, made by the helpers of `builders.ts`.
 *
 * The library writes names as its own keys: an error names its argument (`argumentError`), and a hint writes option names in
 * backquotes (`` `interface` ``). The command line puts its own spelling there, so no text of the library says `--` or `-i`.
 */
export interface Option<T> {
  /** `flag`: no value; `value`: one value; `optional-value`: `--name` or `--name=VALUE`. */
  readonly kind: 'flag' | 'value' | 'optional-value';
  readonly describe: string;
  /** The heading of `--help` that it stands under. */
  readonly group?: OptionGroup;
  /** On the command line, where that is not the key with hyphens: `df` of the key `dontFragment`. */
  readonly name?: string;
  /** A single letter: `-i`. */
  readonly alias?: string;
  /** The default as a user would type it; parsed like any other text, and shown by `--help`. */
  readonly default?: string;
  readonly required?: boolean;
  readonly choices?: readonly string[];
  /** What is allowed, with the unit, for `--help`: `1 … 255`. */
  readonly range?: string;
  /** It means something in this family only. */
  readonly family?: 4 | 6;
  /** The drivers that honour it, where not all do. */
  readonly drivers?: readonly string[];
  /** What a shell may offer for its value; or the names that it is made of, with commas between them where it has several. */
  readonly completes?: 'file' | 'interface' | (() => Promise<readonly string[]>);
  /** Its value is a file that is read, or one that is written. */
  readonly opens?: 'input' | 'output';
  /**
   * `text` is as typed, undefined for an option that was not given, a flag, or an `optional-value` without one (then `given`);
   * `name` is what to blame (`--size`). Throws an `argumentError`.
   */
  readonly parse: (text: string | undefined, name: string, given: boolean) => T;
}

/** Its name on the command line, without the hyphens in front: `datagram-size` of `datagramSize`, unless it has its own. */
export function longName(key: string, { name }: Pick<Option<unknown>, 'name'>): string {
  return name ?? key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** In the order of `--help`. */
const OPTION_GROUPS = ['payload', 'pace', 'headers', 'way', 'proof', 'output'] as const;
export type OptionGroup = (typeof OPTION_GROUPS)[number];

/** What every helper of `builders.ts` takes. */
export type Basics = Pick<Option<unknown>, 'describe' | 'group' | 'name' | 'alias' | 'range' | 'family' | 'completes'>;

/** An option that is told to a driver: the library has it as well, and takes values instead of texts. */
export interface DriverOption<T> extends Option<T | undefined> {
  /** Throws an `argumentError` for a value that is none of the option's, in this family. */
  readonly check: (value: unknown, name: string, family: 4 | 6) => void;
  /** A value that asks for what is done anyway, and which every driver therefore honours. */
  readonly neutral?: (value: T) => boolean;
}

/** The values of a table of them; each may be left out. */
export type ValuesOf<O> = { readonly [K in keyof O]?: O[K] extends DriverOption<infer T> ? T | undefined : never };

/** What is between `min` and `max`, for people. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** The unit, for texts: `octets`. */
  readonly unit?: string;
}

export function rangeText({ min, max, unit }: NumberRange): string {
  return `${min} … ${max}${unit === undefined ? '' : ` ${unit}`}`;
}
