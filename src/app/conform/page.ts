import type { Mark, MatrixSection, TableRow } from '../../report/html/document.js';
import type { ReportBody } from '../common/html-report.js';
import type { RuleResult } from './judge.js';
import type { Winner } from './overlap.js';
import { cellText, type PolicyFile, type PolicyResult } from './policy.js';
import { RELATIONS } from './relations.js';
import { framesText, isOpen, outcomeText } from './report.js';

/** What the page of a receiver is made of. */
interface ConformFindings {
  readonly host: string;
  /** How it answers. */
  readonly kind: string;
  readonly results: readonly RuleResult[];
  readonly policy: PolicyResult;
  readonly file: PolicyFile;
  /** From the policy that it was held against; null where it was held against none. */
  readonly differences: readonly string[] | null;
}

const MARKS: Readonly<Record<RuleResult['outcome'], Mark>> = {
  kept: 'good',
  broken: 'bad',
  differs: 'unsure',
  allowed: 'good',
  unsure: 'unsure',
};
const ORDERS = ['A first', 'B first'] as const;

/** The page of a receiver: every rule with its answer, and its overlap policy as a matrix. */
export function conformDocument({ host, kind, results, policy, file, differences }: ConformFindings): ReportBody {
  const broken = results.filter(({ outcome }) => outcome === 'broken').length;
  const differs = (differences ?? []).length;
  const open = results.filter(({ outcome }) => outcome === 'unsure').length;
  const said = broken === 0 ? 'no rule is broken' : `${broken} of ${results.length} rules are broken`;
  return {
    title: 'udp-ufo conform',
    outcome: {
      verdict: broken + differs > 0 ? 'bad' : isOpen(results, policy) ? 'unsure' : 'good',
      text: `${said}${open === 0 ? '' : `, ${open} cannot be told`}; overlaps: ${file.line}`,
    },
    circumstances: [['receiver', `${host}, answers by ${kind}`]],
    sections: [
      {
        kind: 'table',
        title: 'Rules',
        columns: ['outcome', 'demand', 'section', 'sent', 'came back'],
        rows: results.map(ruleRow),
      },
      matrix(policy),
      {
        kind: 'notes',
        title: 'The overlap policy',
        lines: [
          file.line,
          ...policy.names.map(({ who }) => `known from: ${who}`),
          ...file.ids.map((ids) => `for an IDS: ${ids}`),
          ...(policy.triples.size > 0 ? [`triples: ${policy.triples.size} asked`] : []),
        ],
      },
      ...(differences === null ? [] : [compared(differences)]),
    ],
  };
}

function compared(differences: readonly string[]) {
  const lines = differences.length === 0 ? ['the same'] : differences;
  return { kind: 'notes', title: 'Held against the other policy', lines } as const;
}

function ruleRow(result: RuleResult): TableRow {
  const { rule, back, outcome } = result;
  const { demand, section, ready, plan, size } = rule;
  const numbered = ready === undefined ? section : `${section}, IPv6 Ready ${ready}`;
  return {
    mark: MARKS[outcome],
    cells: [outcomeText(result), demand, numbered, `${size} octets, ${plan}${framesText(result)}`, back],
  };
}

/** Relation of two fragments × who was sent first → whose octets won. */
function matrix({ cells }: PolicyResult): MatrixSection {
  return {
    kind: 'matrix',
    title: 'Overlaps: whose octets win',
    columns: ['A sent first', 'B sent first'],
    rows: RELATIONS.map((relation) => ({
      name: `A ${relation} B`,
      cells: ORDERS.map((order) => {
        const text = cellText(cells, relation, order);
        return { mark: WINNER_MARKS[text as Winner] ?? 'unsure', text };
      }),
    })),
  };
}

/** What is discarded is what RFC 5722 wants; octets of a mixture are the ones to look at. */
const WINNER_MARKS: Readonly<Record<Winner, Mark>> = {
  none: 'good',
  whole: 'good',
  old: 'plain',
  new: 'plain',
  mixed: 'bad',
  'not settled': 'unsure',
};
