import { setTimeout as sleep } from 'node:timers/promises';
import { plan } from '../../faults/plan.js';
import { askRule, deliveredIn, isAbout, rulePayload, waitFor } from './ask.js';
import { isFine, judgeRule, type RuleResult, unsure } from './judge.js';
import type { Answer } from './prober.js';
import type { Receiver } from './receiver.js';
import { type Rule, SIZE } from './rules/rule.js';

/** Longest that a Time Exceeded is waited for, milliseconds (RFC 1122 §3.3.2 allows 120 s). */
export const SLOW_MS = 125_000;
/** Until all that goes at once of the slow questions is there, milliseconds. */
const BEGUN_MS = 500;
/** Times that a question is asked whose answer is not what the rule wants. */
const MOST_TIMES = 3;

type Tell = (result: RuleResult) => Promise<void>;

/** One after the other; `tell` is told of each at once. */
export async function askRules(receiver: Receiver, rules: readonly Rule[], tell: Tell): Promise<RuleResult[]> {
  const results: RuleResult[] = [];
  for (const rule of rules.filter((one) => one.family === receiver.prober.path.family)) {
    receiver.signal.throwIfAborted();
    const result = await askUntilSure(receiver, rule);
    await tell(result);
    results.push(result);
  }
  return results;
}

/**
 * A question or its answer may be lost: what is not as the rule wants it is asked again before it counts. Silence counts, for
 * the rule or against it, where a plain datagram behind it is put together. Where none is, the receiver's memory may be full of
 * what was asked before, and it is asked again; or of this question, which breaks no rule but a limit; or nothing arrives.
 */
async function askUntilSure(receiver: Receiver, rule: Rule): Promise<RuleResult> {
  let isFull = rule.size > SIZE; // of nothing that was asked before
  for (let times = 1; ; times++) {
    const asked = performance.now();
    const result = judgeRule(rule, await askOne(receiver, rule), receiver.kind, asked);
    if (!result.bySilence || (await receiver.answersNow(plainSize(result)))) {
      if (isFine(result) || times >= MOST_TIMES) return result;
      await sleep(waitFor(receiver.kind));
      continue;
    }
    if (!(await receiver.recovers())) return unsure(result);
    if (isFull) return result.outcome === 'differs' && rule.limit === true ? result : unsure(result);
    isFull = true;
  }
}

/** A large datagram that is to be put together is held against a plain one as large. */
function plainSize({ rule, outcome }: RuleResult): number | undefined {
  return outcome === 'broken' && rule.size > SIZE ? rule.size : undefined;
}

/** IPv4 options are a socket's, so a rule with some is asked by another one. */
async function askOne({ prober, kind }: Receiver, rule: Rule): Promise<Answer> {
  if (rule.options === undefined) return askRule(prober, rule, kind);
  await using other = await prober.beside({ options: rule.options });
  return await askRule(other, rule, kind); // before `other` is closed
}

/**
 * What takes a reassembly time, all at once. Silence counts where there was room for all of it, and where something is put
 * together at the end.
 */
export async function askSlowRules(receiver: Receiver, rules: readonly Rule[], tell: Tell): Promise<RuleResult[]> {
  const stop = new AbortController(); // one that fails ends the others, and none is left to go on
  const signal = AbortSignal.any([receiver.signal, stop.signal]);
  const guarded = <T>(promise: Promise<T>): Promise<T> =>
    promise.catch((error: unknown) => {
      stop.abort(error);
      throw error;
    });
  const own = rules.filter((one) => one.family === receiver.prober.path.family);
  const asked = own.map((rule) => guarded(askSlow(receiver, rule, signal)));
  const room = guarded(sleep(BEGUN_MS, undefined, { signal }).then(() => receiver.answersNow()));
  await Promise.allSettled([room, ...asked]);
  const results = await Promise.all(asked);
  const isSure = (await room) && ((await receiver.answersNow()) || (await receiver.recovers()));
  const told = results.map((result) => (result.bySilence && !isSure ? unsure(result) : result));
  for (const result of told) await tell(result);
  return told;
}

/** By a socket of its own, since a delay in a plan holds up whoever stands behind. */
async function askSlow({ prober: first, kind }: Receiver, rule: Rule, signal: AbortSignal): Promise<RuleResult> {
  await using prober = await first.beside({});
  const ident = prober.nextIdent();
  const asked = performance.now();
  let last = Number.POSITIVE_INFINITY;
  let failed = false;
  const sending = prober.send(rulePayload(rule, ident), ident, plan(rule.plan), signal).finally(() => {
    last = performance.now(); // what goes after the time is over may still be put together
  });
  sending.catch(() => {
    failed = true; // told below, at once
  });
  const enough = (answer: Answer): boolean => {
    if (failed || signal.aborted) return true;
    const { icmp } = answerTo(ident, answer);
    if (deliveredIn({ ...answer, icmp }, kind, rule.family) > 0) return true;
    return rule.want.icmp !== undefined && icmp.length > 0 && performance.now() - last > waitFor(kind);
  };
  const answer = await prober.answer([ident], asked, slowWait(rule), enough);
  signal.throwIfAborted();
  await sending;
  return judgeRule(rule, answerTo(ident, answer), kind, asked);
}

/** All slow questions are under way at once, and each hears the errors of all. */
function answerTo(ident: number, answer: Answer): Answer {
  return { ...answer, icmp: answer.icmp.filter((one) => isAbout(one, ident)) };
}

function slowWait({ family, want }: Rule): number {
  if (want.delivered === 1) return 60_000;
  return family === 4 ? SLOW_MS : 72_000;
}
