import { argumentError, typeError, type UfoError } from '../errors.js';
import { findStep, STEPS, signature } from './catalog.js';
import type { Parameter } from './parameters.js';
import type { Step, StepCall } from './step.js';

/** A plan as it is written: in the small language, or as JSON and TypeScript have it. */
export type PlanText = string | readonly StepCall[];

/** One step with its arguments read. */
export interface PlannedStep {
  readonly call: StepCall;
  readonly step: Step;
  readonly args: readonly unknown[];
}

/** `name`, or `name(argument, …)`; between steps a comma, a semicolon, a bar or a blank. */
const STEP = /\s*([a-z][a-z0-9-]*)\s*(?:\(([^()]*)\))?\s*(?:[,;|]\s*)?/y;

/**
 * Reads a plan: `last-first, drop(2)`, or the same as JSON, `[["last-first"], ["drop", 2]]`, or as a value. Steps work from
 * left to right, each on what the one before it made.
 *
 * @param name of the option or argument, for errors
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT: an unknown step, or arguments that are not its own
 */
export function readPlan(plan: PlanText, name = 'plan'): readonly PlannedStep[] {
  const calls = typeof plan === 'string' ? (/^\s*\[/.test(plan) ? fromJson(plan, name) : fromText(plan, name)) : plan;
  if (!Array.isArray(calls)) throw typeError(name, plan, 'steps, as text or an array of calls');
  if (calls.length === 0) throw argumentError(name, plan, 'at least one step', 'udp-ufo plan list shows them');
  return calls.map((call) => readStep(call, name));
}

/** The plan in the small language, for people. */
export function formatPlan(steps: readonly PlannedStep[]): string {
  return steps
    .map(({ call: [step, ...args] }) => (args.length === 0 ? step : `${step}(${args.join(', ')})`))
    .join(', ');
}

function fromText(text: string, name: string): StepCall[] {
  const calls: StepCall[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const from = STEP.lastIndex;
    const match = STEP.exec(text);
    if (match === null) {
      if (text.slice(from).trim() === '') break;
      throw argumentError(name, text.slice(from), 'steps like reverse or drop(2), joined by commas', LIST_HINT);
    }
    const args = match[2]?.trim() ?? '';
    calls.push([match[1]!, ...(args === '' ? [] : args.split(',').map(argument))]);
  }
  return calls;
}

function argument(text: string): number | string {
  const bare = text.trim();
  return /^(?:[-\u2212]?\d+(?:\.\d+)?|0x[0-9a-f]+)$/i.test(bare) ? Number(bare.replace('−', '-')) : bare;
}

function fromJson(text: string, name: string): StepCall[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw argumentError(name, text, `a plan as JSON, [["drop", 2], …] (${(error as Error).message})`);
  }
  return parsed as StepCall[]; // each call is looked at by readStep; an array it is, by its first character
}

const LIST_HINT = 'udp-ufo plan list shows the steps';

function readStep(call: StepCall, name: string): PlannedStep {
  const isCall = Array.isArray(call) && call.every((one) => typeof one === 'string' || typeof one === 'number');
  if (!isCall || typeof call[0] !== 'string') {
    throw argumentError(
      name,
      JSON.stringify(call),
      'a step like ["drop", 2]: its name, then numbers and words',
      LIST_HINT,
    );
  }
  const [stepName, ...given] = call;
  const step = findStep(stepName);
  if (step === undefined) {
    throw argumentError(name, stepName, `one of ${STEPS.map((one) => one.name).join(', ')}`, LIST_HINT);
  }
  return { call, step, args: readArguments(step, given, name) };
}

function readArguments(step: Step, given: readonly (number | string)[], name: string): unknown[] {
  const left = [...given];
  const args = step.parameters.map((parameter) => readOne(step, parameter, left, name));
  if (left.length > 0) {
    const wants = step.parameters.length === 0 ? 'no arguments' : signature(step);
    throw argumentError(`${name}: ${step.name}`, left.join(', '), `${wants} and no more`);
  }
  return args;
}

/** Takes from `left` what the parameter wants. One that may be left out leaves alone what it can't read. */
function readOne(step: Step, parameter: Parameter, left: (number | string)[], name: string): unknown {
  const take = (): unknown => {
    const value = left.length === 0 ? undefined : parameter.read(left[0]!);
    if (value !== undefined) left.shift();
    return value;
  };
  if (parameter.rest === true) {
    const values: unknown[] = [];
    do {
      const value = take();
      if (value === undefined) throw wanted(step, parameter, left, name);
      values.push(value);
    } while (left.length > 0);
    return values;
  }
  const value = take();
  if (value !== undefined) return value;
  if ('fallback' in parameter) return parameter.fallback;
  throw wanted(step, parameter, left, name);
}

function wanted(step: Step, parameter: Parameter, left: readonly (number | string)[], name: string): UfoError {
  const got = left.length === 0 ? 'nothing' : String(left[0]);
  return argumentError(`${name}: ${signature(step)}: ${parameter.name}`, got, parameter.wants);
}
