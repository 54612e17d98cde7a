import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { argumentError, type UfoError, unsupportedError, usageError } from '../../errors.js';
import { plan } from '../../faults/plan.js';
import { inputStream } from '../../host/input-stream.js';
import { insideLab } from '../../host/lab.js';
import { OutputFile } from '../../host/output-file.js';
import { OwnNetworks } from '../../host/own-networks.js';
import type { DriverName } from '../../tx/net-device.js';
import { parseAddress } from '../../wire/address.js';
import { EXIT, type ExitCode } from '../common/exit-codes.js';
import { HtmlReport } from '../common/html-report.js';
import type { Output } from '../common/output.js';
import { refuseMany } from '../common/reach.js';
import {
  type AnswerKind,
  askOverlaps,
  askRule,
  deliveredIn,
  findAnswerKind,
  isAbout,
  reassembles,
  rulePayload,
  tellsOctets,
  waitFor,
} from './ask.js';
import { judgeRule, type RuleResult } from './judge.js';
import { AROUND, pairCases, tripleCases } from './overlap.js';
import { conformDocument } from './page.js';
import {
  comparePolicies,
  type PolicyFile,
  type PolicyResult,
  parsePolicy,
  policyLine,
  policyOf,
  unsettledIn,
} from './policy.js';
import { type Answer, Prober } from './prober.js';
import { printPolicy, printRule, ruleFacts } from './report.js';
import { RULES } from './rules/quick.js';
import type { Rule } from './rules/rule.js';
import { HEAVY_RULES, slowRules } from './rules/slow.js';
import { settle } from './settle.js';

interface ConformOptions {
  readonly host: string;
  readonly port: number;
  readonly driver: DriverName;
  readonly interface?: string | undefined;
  /** Leaves out what waits for a reassembly time. */
  readonly fast: boolean;
  /** All consistent triples of overlapping fragments as well. */
  readonly deep: boolean;
  /** The user answers for a host that is in no lab. */
  readonly outsideLab: boolean;
  /** A policy file to write. */
  readonly policy?: string | undefined;
  /** One to hold this receiver against. */
  readonly compare?: string | undefined;
  readonly pcap?: string | undefined;
  /** A file for a page of it all. */
  readonly html?: string | undefined;
  readonly json: boolean;
}

/** Longest that a Time Exceeded is waited for, milliseconds (RFC 1122 §3.3.2 allows 120 s). */
const SLOW_MS = 125_000;
/** Times that a question is asked whose answer is not what the rule wants. */
const MOST_TIMES = 3;

/**
 * `udp-ufo conform`: how a receiver treats fragments, rule by rule, and its policy for overlaps. Exit code 1 where a rule is
 * broken or the policy is not that of `compare`, 4 where that is not settled.
 * @throws UfoError where nothing answers
 */
export async function conform(options: ConformOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  const family = familyOf(options);
  refuseUnsafe(options);
  const other = options.compare === undefined ? null : await readPolicy(options.compare, signal);
  if (other !== null && other.family !== family) {
    throw argumentError('--compare', `a policy for IPv${other.family}`, `one for IPv${family}, as ${options.host} has`);
  }
  await using kept = options.policy === undefined ? null : await OutputFile.open(options.policy, signal);
  await using page = await HtmlReport.open(options.html, signal);
  await using prober = await Prober.open({ ...options, family, address: options.host, signal });
  const kind = await findAnswerKind(prober);
  if (kind === null) throw nothingAnswers(options);
  if (!options.json)
    await output.line(`${options.host} answers by ${kind}; ${prober.path.driver} on ${prober.path.interface}`);
  const run = { prober, kind, options, output, signal };
  await sleep(waitFor(kind)); // the rate limit of the first question
  if (!(await reassembles(prober, kind, signal))) {
    output.note(`${options.host} puts no fragments together: nothing below is about more than that`);
  }
  const results = [...(await askRules(run, RULES)), ...(options.fast ? [] : await askSlowRules(run))];
  const policy = await askPolicy(run);
  if (!options.fast) results.push(...(await askRules(run, HEAVY_RULES)));
  const file = policyFile(policy, family, options.host);
  await kept?.write(Buffer.from(`${JSON.stringify(file, null, 2)}\n`));
  await kept?.finish();
  const differences = other === null ? [] : comparePolicies(file, other);
  await printPolicy(policy, file, differences, other, options.json, output);
  const held = other === null ? null : differences;
  await page?.write(conformDocument({ host: options.host, kind, results, policy, file, differences: held }));
  const broken = results.filter(({ outcome }) => outcome === 'broken').length;
  if (broken > 0 || differences.length > 0) return EXIT.verificationFailed;
  return other !== null && unsettledIn(policy) > 0 ? EXIT.inconclusive : EXIT.ok;
}

function familyOf({ host }: ConformOptions): 4 | 6 {
  const parsed = parseAddress(host);
  if (parsed === null) throw argumentError('DESTINATION', host, 'an address: which family is asked must be plain');
  return parsed.family;
}

/** Broken fragments by the thousand are for hosts of one's own. */
function refuseUnsafe({ host, deep, outsideLab }: ConformOptions): void {
  refuseMany(host, [host], 'DESTINATION', new OwnNetworks());
  const lab = insideLab();
  const inLab = lab !== null && [lab.far.ipv4, lab.far.ipv6].includes(host);
  if (deep && !inLab && !outsideLab) {
    throw usageError(
      '--deep: 1,740 datagrams of broken fragments, and this host is not in a lab',
      'if it is yours and may be upset, add --outside-lab',
    );
  }
}

function nothingAnswers({ host, port }: ConformOptions): UfoError {
  return unsupportedError(
    `${host}:${port} does not answer a plain datagram: neither an echo, a report nor a port unreachable`,
    'run udp-ufo receive PORT --echo (or --report) there, or name a closed port that no firewall drops',
  );
}

/** What every part of a run needs. */
interface Run {
  readonly prober: Prober;
  readonly kind: AnswerKind;
  readonly options: ConformOptions;
  readonly output: Output;
  readonly signal: AbortSignal;
}

async function askRules(run: Run, rules: readonly Rule[]): Promise<RuleResult[]> {
  const { prober, signal } = run;
  const results: RuleResult[] = [];
  for (const rule of rules.filter((one) => one.family === prober.path.family)) {
    signal.throwIfAborted();
    const result = await askUntilSure(run, rule);
    await tell(run, result);
    results.push(result);
  }
  return results;
}

async function askSlowRules(run: Run): Promise<RuleResult[]> {
  const { prober, options, output, signal } = run;
  const rules = slowRules(options.host).filter((one) => one.family === prober.path.family);
  if (!options.json) {
    await output.line(`waiting for reassembly times, at most ${SLOW_MS / 1000} s (--fast leaves this out)`);
  }
  const stop = new AbortController(); // one that fails ends the others, and none is left to go on
  const all = { ...run, signal: AbortSignal.any([signal, stop.signal]) };
  const asked = rules.map((rule) =>
    askSlow(all, rule).catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(asked);
  const results = await Promise.all(asked);
  for (const result of results) await tell(run, result);
  return results;
}

function tell({ options, output }: Run, result: RuleResult): Promise<void> {
  return options.json ? Promise.resolve(output.json(ruleFacts(result))) : printRule(result, output);
}

/** A question or its answer may be lost: silence is asked again before it counts. */
async function askUntilSure(run: Run, rule: Rule): Promise<RuleResult> {
  for (let times = 1; ; times++) {
    const asked = performance.now();
    const result = judgeRule(rule, await askOne(run, rule), run.kind, asked);
    if (result.outcome === 'kept' || times === MOST_TIMES) return result;
    await sleep(waitFor(run.kind));
  }
}

/** IPv4 options are a socket's, so a rule with some is asked by another one. */
async function askOne({ prober, kind }: Run, rule: Rule): Promise<Answer> {
  if (rule.options === undefined) return askRule(prober, rule, kind);
  await using other = await prober.beside({ options: rule.options });
  return await askRule(other, rule, kind); // before `other` is closed
}

/** By a socket of its own, since a delay in a plan holds up whoever stands behind. */
async function askSlow({ prober: first, kind, signal }: Run, rule: Rule): Promise<RuleResult> {
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

async function askPolicy({ prober, kind, options, output, signal }: Run): Promise<PolicyResult> {
  const { deep, fast, json } = options;
  // A port unreachable takes its second: fast asks once, with first and last fragment in front.
  const pairs = pairCases(fast && !tellsOctets(kind) ? AROUND.slice(0, 1) : AROUND);
  const triples = deep ? tripleCases() : [];
  const seconds = ((pairs.length + triples.length) * waitFor(kind)) / 1000;
  if (!tellsOctets(kind) && !json) await output.line(`overlaps take ${Math.ceil(seconds)} s: one question a second`);
  const cases = [...pairs, ...triples];
  const answers = await settle(prober, cases, await askOverlaps(prober, cases, kind, signal), kind, signal);
  return policyOf(pairs, answers.slice(0, pairs.length), triples, answers.slice(pairs.length));
}

function policyFile(policy: PolicyResult, family: 4 | 6, target: string): PolicyFile {
  const { cells, triples, names, nearest } = policy;
  return {
    format: 'udp-ufo overlap policy',
    version: 1,
    family,
    target,
    date: new Date().toISOString(),
    line: policyLine(policy),
    names: names.map(({ name }) => name),
    ids: (names.length > 0 ? names : [nearest.policy]).map(({ ids }) => ids),
    cells: Object.fromEntries(cells),
    ...(triples.size === 0 ? {} : { triples: Object.fromEntries(triples) }),
  };
}

async function readPolicy(path: string, signal: AbortSignal): Promise<PolicyFile> {
  const policy = parsePolicy(await text(await inputStream(path, signal)));
  if (policy !== null) return policy;
  throw argumentError('--compare', path, 'a policy file that conform --policy wrote');
}
