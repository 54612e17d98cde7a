import { ICMP_TYPES, type IcmpAnswer } from '../common/icmp-sighting.js';
import { type AnswerKind, deliveredIn, isPortUnreachable, tellsOctets } from './ask.js';
import type { Answer } from './prober.js';
import type { Rule } from './rules/rule.js';

/** A rule, what was asked and what came back. */
export interface RuleResult {
  readonly rule: Rule;
  readonly frames: Answer['frames'];
  /** What came back, in words. */
  readonly back: string;
  /** Datagrams that were put together, as far as this kind of answer can tell. */
  readonly delivered: number;
  /**
   * `differs`: not as the RFC has it, but it leaves that open (SHOULD, a limit of the receiver). `allowed`: whatever a receiver
   * does is as the RFC has it. `unsure`: cannot be told.
   */
  readonly outcome: 'kept' | 'broken' | 'differs' | 'allowed' | 'unsure';
  /** The outcome is by what did not come: it counts only of a receiver that answers otherwise. */
  readonly bySilence: boolean;
}

/** Holds an answer against a rule. `asked`: `performance.now()` when the question went, for rules about time. */
export function judgeRule(rule: Rule, answer: Answer, kind: AnswerKind, asked: number): RuleResult {
  const { family, want, limit = false } = rule;
  const delivered = deliveredIn(answer, kind, family);
  const errors = answer.icmp.filter((one) => !isPortUnreachable(one, family));
  const back = describe(delivered, kind, errors, asked, want.seconds !== undefined);
  // One port unreachable may stand for several datagrams: the receiver's rate limit leaves the others out.
  const most = tellsOctets(kind) ? (want.delivered ?? 0) : Math.min(1, want.delivered ?? 0);
  const counted = tellsOctets(kind) ? delivered : Math.min(1, delivered);
  const bySilence = counted < Math.max(1, most) && !errors.some((one) => isOfReassembly(one, family));
  let outcome: RuleResult['outcome'] = 'allowed';
  if (want.delivered !== null) {
    if (counted === most) outcome = judgeErrors(rule, errors, asked);
    else outcome = limit && delivered < most ? 'differs' : 'broken';
  }
  return { rule, frames: answer.frames, back, delivered, outcome, bySilence };
}

/** Whether nothing speaks against the rule. */
export function isFine({ outcome }: RuleResult): boolean {
  return outcome === 'kept' || outcome === 'allowed';
}

/** What nothing came back for, where nothing comes back for a plain datagram in fragments either. */
export function unsure(result: RuleResult): RuleResult {
  return { ...result, outcome: 'unsure', back: `${result.back}, nor for a plain datagram behind it` };
}

/** What only who has got fragments says. */
function isOfReassembly({ type, code }: IcmpAnswer, family: 4 | 6): boolean {
  const { timeExceeded, parameterProblem } = ICMP_TYPES[family];
  return type === parameterProblem || (type === timeExceeded[0] && code === timeExceeded[1]);
}

function judgeErrors({ want, family }: Rule, errors: readonly IcmpAnswer[], asked: number): RuleResult['outcome'] {
  if (want.silent === true) return errors.length === 0 ? 'kept' : 'broken';
  if (want.icmp === undefined) return 'kept';
  const { kind, code, pointer, must } = want.icmp;
  const type = kind === 'timeExceeded' ? ICMP_TYPES[family].timeExceeded[0] : ICMP_TYPES[family].parameterProblem;
  const told = errors.find((one) => one.type === type && one.code === code);
  if (told === undefined) return must ? 'broken' : 'differs';
  if (pointer !== undefined && told.pointer !== pointer) return 'broken';
  return want.seconds === undefined || isInTime(want.seconds, (told.at - asked) / 1000) ? 'kept' : 'differs';
}

/** Clocks, timers of the receiver's and our reading are within two seconds of each other. */
function isInTime([least, most]: readonly [number, number], seconds: number): boolean {
  return seconds >= least - 2 && seconds <= most + 2;
}

function describe(
  delivered: number,
  kind: AnswerKind,
  errors: readonly IcmpAnswer[],
  asked: number,
  timed: boolean,
): string {
  const what = delivered === 0 ? `no ${kind}` : delivered === 1 ? kind : `${delivered} × ${kind}`;
  const told = errors.map(({ type, code, pointer, frame, at }) => {
    const points = type === 4 || type === 12 ? ` pointer ${pointer}` : '';
    const after = timed ? ` after ${((at - asked) / 1000).toFixed(1)} s` : '';
    return `ICMP type ${type} code ${code}${points}${after} (frame ${frame})`;
  });
  return [what, ...told].join(', ');
}
