/** Whether a value that somebody else wrote as JSON is what it should be. */
export type Check = (value: unknown) => boolean;

export const whole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const integer: Check = (value) => Number.isSafeInteger(value);
export const text: Check = (value) => typeof value === 'string';
export const flag: Check = (value) => typeof value === 'boolean';

export function oneOf(...values: readonly unknown[]): Check {
  return (value) => values.includes(value);
}

export function orNull(check: Check): Check {
  return (value) => value === null || check(value);
}

/** An array of any length. */
export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** One value, or an array of such. */
export function oneOrMore(check: Check): Check {
  return (value) => check(value) || (Array.isArray(value) && value.every(check));
}

/** An array with a value for each check. */
export function tuple(...checks: readonly Check[]): Check {
  return (value) =>
    Array.isArray(value) && value.length === checks.length && checks.every((check, i) => check(value[i]));
}

/** An object of any names. */
export function recordOf(check: Check): Check {
  return (value) => isObject(value) && Object.values(value).every(check);
}

/** An object with all names of `needed`, perhaps those of `optional`, and any others. */
export function shape(needed: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check {
  return (value) =>
    isObject(value) &&
    Object.keys(needed).every((key) => value[key] !== undefined) &&
    wrongKey(value, { ...optional, ...needed }) === undefined;
}

/** The first name whose value is there and is not what it should be. */
export function wrongKey(object: object, checks: Readonly<Record<string, Check>>): string | undefined {
  return Object.keys(checks).find((key) => {
    const value: unknown = Reflect.get(object, key);
    return value !== undefined && !checks[key]!(value);
  });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
