import type { Output } from '../common/output.js';
import type { RuleResult } from './judge.js';
import { type PolicyFile, type PolicyResult, policyRows, unsettledIn } from './policy.js';

/** In the words of the tables. */
export function outcomeText({ outcome, delivered }: RuleResult): string {
  if (outcome === 'allowed') return delivered === 0 ? 'allowed: not delivered' : 'allowed: delivered';
  if (outcome === 'differs') return 'differs, allowed';
  return outcome === 'unsure' ? 'cannot be told' : outcome;
}

/** Whether something could not be told. */
export function isOpen(results: readonly RuleResult[], policy: PolicyResult): boolean {
  return results.some(({ outcome }) => outcome === 'unsure') || unsettledIn(policy) > 0;
}

/** Columns of the longest outcome. */
const OUTCOME_LEN = 22;

/** One rule for people: demand and section, what was sent, what came back. */
export async function printRule(result: RuleResult, output: Output): Promise<void> {
  const { rule, outcome, back } = result;
  const word = outcome === 'broken' ? 'BROKEN' : outcomeText(result);
  const ready = rule.ready === undefined ? '' : `, IPv6 Ready ${rule.ready}`;
  await output.line(`${word.padEnd(OUTCOME_LEN)}  ${rule.demand} (${rule.section}${ready})`);
  await output.line(
    `${' '.repeat(OUTCOME_LEN + 2)}sent ${rule.size} octets, ${rule.plan}${framesText(result)}; back: ${back}`,
  );
}

/** `, frames 7–9`; nothing where none was seen. */
export function framesText({ frames }: RuleResult): string {
  if (frames === null) return '';
  return frames[0] === frames[1] ? `, frame ${frames[0]}` : `, frames ${frames[0]}–${frames[1]}`;
}

/** The same for programs. */
export function ruleFacts({ rule, frames, back, delivered, outcome }: RuleResult): object {
  const { demand, section, ready = null, family, plan, size } = rule;
  return { type: 'rule', demand, section, ready, family, plan, size, frames, back, delivered, outcome };
}

/** The table of overlaps, the policy in one line, and what differs from another one's. */
export async function printPolicy(
  policy: PolicyResult,
  file: PolicyFile,
  differences: readonly string[],
  other: PolicyFile | null,
  json: boolean,
  output: Output,
): Promise<void> {
  if (json) {
    const compared = other === null ? null : { target: other.target, date: other.date, differences };
    return output.json({ type: 'policy', ...file, compared });
  }
  await output.line('');
  for (const [relation, aFirst, bFirst] of [['A … B', 'A sent first', 'B sent first'], ...policyRows(policy.cells)]) {
    await output.line(`  ${relation!.padEnd(14)}  ${aFirst!.padEnd(14)}  ${bFirst}`);
  }
  await output.line('');
  await output.line(`policy: ${file.line}`);
  for (const { who } of policy.names) await output.line(`  known from: ${who}`);
  for (const ids of file.ids) await output.line(`  for an IDS: ${ids}`);
  if (file.triples !== undefined) await output.line(`  triples: ${policy.triples.size} asked`);
  if (other === null) return;
  const open = unsettledIn(policy);
  const differing = differences.length === 0 ? 'the same' : `${differences.length} differ`;
  const settled = open === 0 ? '' : ` (${open} not settled, not compared)`;
  await output.line(`compared with ${other.target} of ${other.date}: ${differing}${settled}`);
  for (const line of differences) await output.line(`  ${line}`);
}
