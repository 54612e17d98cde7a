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
  /** `differs`: not as the RFC has it, but it leaves that open (SHOULD, a limit of the receiver). */
  readonly outcome: 'kept' | 'broken' | 'differs';
}

/** Holds an answer against a rule. `asked`: `performance.now()` when the question went, for rules about time. */
export function judgeRule(rule: Rule, answer: Answer, kind: AnswerKind, asked: number): RuleResult {
  const { family, want, limit = false } = rule;
  const delivered = deliveredIn(answer, kind, family);
  const errors = answer.icmp.filter((one) => !isPortUnreachable(one, family));
  const back = describe(delivered, kind, errors, asked, want.seconds !== undefined);
  // One port unreachable may stand for several datagrams: the receiver's rate limit leaves the others out.
  const most = tellsOctets(kind) ? (want.delivered ?? 0) : Math.min(1, want.delivered ?? 0);
  const rightCount =
    want.delivered === null || (tellsOctets(kind) ? delivered === most : Math.min(1, delivered) === most);
  let outcome: RuleResult['outcome'] = 'kept';
  if (!rightCount) outcome = limit && delivered < most ? 'differs' : 'broken';
  else outcome = judgeErrors(rule, errors, asked);
  return { rule, frames: answer.frames, back, outcome };
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
