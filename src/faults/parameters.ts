/** What a step's argument may be, and what becomes of it. */
export interface Parameter {
  readonly name: string;
  /** For the error's text. */
  readonly wants: string;
  /** The value that the step gets; undefined for an argument that is none of this parameter. */
  readonly read: (argument: number | string) => unknown;
  /** What the step gets where the argument is left out; without it the argument is needed. */
  readonly fallback?: unknown;
  /** Takes all arguments that are left, at least one, as an array. */
  readonly rest?: boolean;
}

/**
 * Position in the list as it then stands: 1 the first, −1 the last. Beyond the safe integers a number is written with an
 * exponent, which the small language does not know.
 */
export const index: Parameter = {
  name: 'i',
  wants: 'the number of a fragment: 1, 2, … or −1 (last), −2, …',
  read: (argument) => {
    if (argument === 'first') return 1;
    if (argument === 'last') return -1;
    return Number.isSafeInteger(argument) && argument !== 0 ? argument : undefined;
  },
};

export function whole(name: string, min: number, max: number, multiple = 1): Parameter {
  return {
    name,
    wants: `${min} … ${max}${multiple === 1 ? '' : `, a multiple of ${multiple}`}`,
    read: (argument) =>
      typeof argument === 'number' && argument >= min && argument <= max && argument % multiple === 0
        ? argument
        : undefined,
  };
}

export const seed: Parameter = { ...whole('seed', 0, 0xffff_ffff), fallback: 1 };

export function word(name: string, words: readonly string[]): Parameter {
  return {
    name,
    wants: `one of ${words.join(', ')}`,
    read: (argument) => (typeof argument === 'string' && words.includes(argument) ? argument : undefined),
  };
}

export function optional(parameter: Parameter, fallback: unknown): Parameter {
  return { ...parameter, fallback };
}

export function rest(parameter: Parameter): Parameter {
  return { ...parameter, rest: true };
}
