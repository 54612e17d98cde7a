import { setTimeout as sleep } from 'node:timers/promises';
import { argumentError, type UfoError, unsupportedError, usageError } from '../../errors.js';
import { dropPrivileges } from '../../host/drop-privileges.js';
import { inputText } from '../../host/input-stream.js';
import { insideLab } from '../../host/lab.js';
import { OutputFile } from '../../host/output-file.js';
import { OwnNetworks } from '../../host/own-networks.js';
import type { DriverName } from '../../tx/net-device.js';
import { parseAddress } from '../../wire/address.js';
import { EXIT, type ExitCode } from '../common/exit-codes.js';
import { HtmlReport } from '../common/html-report.js';
import type { Output } from '../common/output.js';
import { refuseMany } from '../common/reach.js';
import { findAnswerKind, tellsOctets, waitFor } from './ask.js';
import { askOverlaps } from './ask-overlaps.js';
import { askRules, askSlowRules, SLOW_MS } from './ask-rules.js';
import type { RuleResult } from './judge.js';
import { AROUND, pairCases, tripleCases } from './overlap.js';
import { conformDocument } from './page.js';
import { comparePolicies, type PolicyFile, type PolicyResult, parsePolicy, policyLine, policyOf } from './policy.js';
import { Prober } from './prober.js';
import { Receiver } from './receiver.js';
import { isOpen, printPolicy, printRule, ruleFacts } from './report.js';
import { RULES } from './rules/quick.js';
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

/**
 * `udp-ufo conform`: how a receiver treats fragments, rule by rule, and its policy for overlaps. Exit code 1 where a rule is
 * broken or the policy is not that of `compare`, 4 where something cannot be told.
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
  dropPrivileges({ capabilities: ['CAP_NET_RAW'] }); // some questions take a socket of their own
  const kind = await findAnswerKind(prober);
  if (kind === null) throw nothingAnswers(options);
  if (!options.json)
    await output.line(`${options.host} answers by ${kind}; ${prober.path.driver} on ${prober.path.interface}`);
  const waiting = (seconds: number): void =>
    output.note(`${options.host} puts no fragments together just now: waiting for at most ${seconds} s`);
  const receiver = new Receiver(prober, kind, signal, waiting);
  await sleep(waitFor(kind)); // the rate limit of the first question
  if (!(await receiver.answersNow()) && !(await receiver.recovers())) {
    output.note(`${options.host} puts no fragments together, or none arrives: nothing can be told of its rules`);
    return EXIT.inconclusive;
  }
  const { results, policy } = await askAll(receiver, options, output);
  const file = policyFile(policy, family, options.host);
  const differences = other === null ? [] : comparePolicies(file, other);
  await printPolicy(policy, file, differences, other, options.json, output);
  // Written where it was told already: a disk may be full.
  await kept?.write(Buffer.from(`${JSON.stringify(file, null, 2)}\n`));
  await kept?.finish();
  const held = other === null ? null : differences;
  await page?.write(conformDocument({ host: options.host, kind, results, policy, file, differences: held }));
  if (results.some(({ outcome }) => outcome === 'broken') || differences.length > 0) return EXIT.verificationFailed;
  return isOpen(results, policy) ? EXIT.inconclusive : EXIT.ok;
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

/** Every rule and the policy, each rule told at once; what fills the receiver's memory last. */
async function askAll(
  receiver: Receiver,
  options: ConformOptions,
  output: Output,
): Promise<{ readonly results: RuleResult[]; readonly policy: PolicyResult }> {
  const { host, fast, json } = options;
  const tell = (result: RuleResult): Promise<void> =>
    json ? Promise.resolve(output.json(ruleFacts(result))) : printRule(result, output);
  const results = await askRules(receiver, RULES, tell);
  if (!fast && !json) {
    await output.line(`waiting for reassembly times, at most ${SLOW_MS / 1000} s (--fast leaves this out)`);
  }
  if (!fast) results.push(...(await askSlowRules(receiver, slowRules(host), tell)));
  const policy = await askPolicy(receiver, options, output);
  if (!fast) results.push(...(await askRules(receiver, HEAVY_RULES, tell)));
  return { results, policy };
}

async function askPolicy(
  receiver: Receiver,
  { deep, fast, json }: ConformOptions,
  output: Output,
): Promise<PolicyResult> {
  const { kind } = receiver;
  // A port unreachable takes its second: fast asks once, with first and last fragment in front.
  const pairs = pairCases(fast && !tellsOctets(kind) ? AROUND.slice(0, 1) : AROUND);
  const triples = deep ? tripleCases() : [];
  const seconds = ((pairs.length + triples.length) * waitFor(kind)) / 1000;
  if (!tellsOctets(kind) && !json) await output.line(`overlaps take ${Math.ceil(seconds)} s: one question a second`);
  const cases = [...pairs, ...triples];
  const answers = await settle(receiver, cases, await askOverlaps(receiver, cases));
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
    ids: (names.length > 0 ? names : nearest.of > 0 ? [nearest.policy] : []).map(({ ids }) => ids),
    cells: Object.fromEntries(cells),
    ...(triples.size === 0 ? {} : { triples: Object.fromEntries(triples) }),
  };
}

/** Characters of a policy file, which has some thousands. */
const MOST_POLICY = 1 << 20;

async function readPolicy(path: string, signal: AbortSignal): Promise<PolicyFile> {
  const policy = parsePolicy(await inputText(path, MOST_POLICY, signal));
  if (policy !== null) return policy;
  throw argumentError('--compare', path, 'a policy file that conform --policy wrote');
}
