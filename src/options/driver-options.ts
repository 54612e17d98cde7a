import { argumentError } from '../errors.js';
import { HEADER_OPTIONS, type HeaderOptionName, type HeaderValues } from './headers.js';
import type { DriverOption } from './option.js';
import { WAY_OPTIONS, type WayValues } from './way.js';

/** Everything that is told to a driver, and which a driver honours or not. */
export const DRIVER_OPTIONS = { ...HEADER_OPTIONS, ...WAY_OPTIONS } as const;

/** What a driver honours that writes every header itself, the link header too. */
export const HEADER_OPTION_NAMES = Object.keys(HEADER_OPTIONS) as readonly HeaderOptionName[];

export type DriverOptionName = keyof typeof DRIVER_OPTIONS;

/** The values of all of them, as the library takes them. */
export interface DriverOptionValues extends HeaderValues, WayValues {}

/** Those of `values` that are told to a driver. */
export function pickDriverOptions(values: DriverOptionValues): DriverOptionValues {
  return Object.fromEntries(ENTRIES.map(([key]) => [key, values[key]]).filter(([, value]) => value !== undefined));
}

/** What somebody who puts datagrams on their way says of the options: a driver, or what cuts without sending. */
export interface Honours {
  readonly name: string;
  readonly honours: readonly DriverOptionName[];
  /** Why it can't do this value of an option that it honours otherwise; null where it can. */
  readonly cannot?: (option: DriverOptionName, value: unknown, family: 4 | 6) => string | null;
}

const ENTRIES = Object.entries(DRIVER_OPTIONS) as [DriverOptionName, DriverOption<unknown>][];

/** @throws UfoError ERR_UFO_INVALID_ARGUMENT: a value that is none, or of the other family's option */
export function checkValues(values: DriverOptionValues, family: 4 | 6): void {
  for (const [key, option] of asked(values)) {
    if (option.family !== undefined && option.family !== family) {
      throw argumentError(key, values[key], `none over IPv${family}: only IPv${option.family} has it`);
    }
  }
  for (const [key, option] of ENTRIES) if (values[key] !== undefined) option.check(values[key], key, family);
}

/** The first option that `by` does not honour, and why; null where it honours all. */
export function firstRefusal(
  values: DriverOptionValues,
  family: 4 | 6,
  by: Honours,
): { readonly option: DriverOptionName; readonly why: string } | null {
  for (const [option] of asked(values)) {
    if (!by.honours.includes(option)) return { option, why: `${by.name} has no say in it` };
    const why = by.cannot?.(option, values[option], family) ?? null;
    if (why !== null) return { option, why };
  }
  return null;
}

/**
 * Refuses what `by` would drop in silence.
 * @param all whoever else could be asked, for the hint
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT, naming those of `all` that can
 */
export function refuseNotHonoured(
  values: DriverOptionValues,
  family: 4 | 6,
  by: Honours,
  all: readonly Honours[] = [],
): void {
  const refusal = firstRefusal(values, family, by);
  if (refusal === null) return;
  const { option, why } = refusal;
  const able = all.filter((one) => firstRefusal({ [option]: values[option] }, family, one) === null);
  const names = able.map(({ name }) => name).join(', ');
  const hint =
    able.length === 0 ? undefined : `${able.length === 1 ? 'this driver can' : 'these drivers can'}: ${names}`;
  throw argumentError(option, values[option], `none with ${by.name}: ${why}`, hint);
}

/** Options that ask for something: given, and not what is done anyway. */
function asked(values: DriverOptionValues): [DriverOptionName, DriverOption<unknown>][] {
  return ENTRIES.filter(([key, { neutral }]) => values[key] !== undefined && neutral?.(values[key]) !== true);
}
