import { listOf, oneOf, recordOf, shape, text } from '../../compare/shape.js';
import { type Around, agrees, type OverlapCase, type Owners, type PairCase, type Winner, winnerOf } from './overlap.js';
import { KNOWN_POLICIES, type KnownPolicy } from './policies.js';
import { RELATIONS, type Relation } from './relations.js';

/** A policy file: what one receiver makes of overlaps, to be held against another's. */
export interface PolicyFile {
  readonly format: 'udp-ufo overlap policy';
  readonly version: 1;
  readonly family: 4 | 6;
  readonly target: string;
  readonly date: string;
  /** The one line. */
  readonly line: string;
  /** Names of the known policies that agree with every answer. */
  readonly names: readonly string[];
  readonly ids: readonly string[];
  /** `relation, A first | B first, first before|behind, last before|behind` → whose octets won. */
  readonly cells: Readonly<Record<string, Winner>>;
  /** With `--deep`: triples and where they stood → owners by unit, or `none`. */
  readonly triples?: Readonly<Record<string, string>>;
}

const isPolicy = shape(
  {
    ...{ format: oneOf('udp-ufo overlap policy'), version: oneOf(1), family: oneOf(4, 6) },
    ...{ target: text, date: text, line: text, names: listOf(text), ids: listOf(text), cells: recordOf(text) },
  },
  { triples: recordOf(text) },
);

/** What a policy file says; null where it is none. */
export function parsePolicy(json: string): PolicyFile | null {
  try {
    const file: unknown = JSON.parse(json);
    return isPolicy(file) ? (file as PolicyFile) : null;
  } catch {
    return null;
  }
}

/** What was found of a receiver's policy. */
export interface PolicyResult {
  readonly cells: ReadonlyMap<string, Winner>;
  readonly triples: ReadonlyMap<string, string>;
  readonly names: readonly KnownPolicy[];
  /** The policy that agrees with most. */
  readonly nearest: Score;
}

/** With how many of how many settled answers a policy agrees. */
interface Score {
  readonly policy: KnownPolicy;
  readonly agreed: number;
  readonly of: number;
}

/** Sums up the answers to pairs and triples. */
export function policyOf(
  pairs: readonly PairCase[],
  pairAnswers: readonly Owners[],
  triples: readonly OverlapCase[],
  tripleAnswers: readonly Owners[],
): PolicyResult {
  const cases = [...pairs, ...triples];
  const scores = scoresOf(cases, [...pairAnswers, ...tripleAnswers]);
  return {
    cells: new Map(pairs.map((one, at) => [cellName(one), winnerOf(one, pairAnswers[at]!)])),
    triples: new Map(triples.map((one, at) => [cellName(one), String(tripleAnswers[at])])),
    names: scores.filter(({ agreed }) => agreed === cases.length).map(({ policy }) => policy),
    nearest: best(scores),
  };
}

/** The known policy that agrees with most of the answers. */
export function nearestPolicy(cases: readonly OverlapCase[], answers: readonly Owners[]): KnownPolicy {
  return best(scoresOf(cases, answers)).policy;
}

function scoresOf(cases: readonly OverlapCase[], answers: readonly Owners[]): Score[] {
  const settled = cases.flatMap((one, at) => {
    const owners = answers[at]!;
    return owners === 'not settled' ? [] : [{ one, owners }];
  });
  return KNOWN_POLICIES.map((policy) => ({
    policy,
    agreed: settled.filter(({ one, owners }) => agrees(one, owners, policy)).length,
    of: settled.length,
  }));
}

function best(scores: readonly Score[]): Score {
  return scores.reduce((a, b) => (b.agreed > a.agreed ? b : a));
}

/** The policy in one line. */
export function policyLine(found: PolicyResult): string {
  const { names, nearest, cells } = found;
  const counts = (['none', 'old', 'new', 'mixed', 'not settled'] as const)
    .map((winner) => [winner, [...cells.values()].filter((one) => one === winner).length] as const)
    .filter(([, count]) => count > 0)
    .map(([winner, count]) => `${winner} ${count}`)
    .join(', ');
  if (names.length > 0) return `${names.map(({ name, does }) => `${name}: ${does}`).join('; or ')} (${counts})`;
  const apart = [...cells].filter(
    ([name, winner]) => APART.test(name) && !['whole', 'not settled'].includes(winner),
  ).length;
  if (apart > 0) {
    return `not known: ${apart} datagrams without any overlap did not come back whole either; the receiver's memory for fragments may be full (${counts})`;
  }
  const { policy, agreed, of } = nearest;
  const open = unsettledIn(found);
  const verdict =
    open === 0
      ? 'no known policy'
      : `not settled, ${open} datagrams were answered otherwise each time, or not while plain ones were`;
  if (of === 0) return `not known: ${open} datagrams were not answered, and plain ones in fragments were not either`;
  return `${verdict}; nearest is ${policy.name}, ${agreed} of ${of} answers alike (${counts})`;
}

/** Cases whose answers contradict each other, or whose silence says nothing. */
export function unsettledIn({ cells, triples }: Pick<PolicyResult, 'cells' | 'triples'>): number {
  return [...cells.values(), ...triples.values()].filter((winner) => winner === 'not settled').length;
}

/** Two fragments that share no octet: whatever the policy is, they are put together. */
const APART = /^(before|meets|met-by|after), /;

/** `overlaps, A first, first before, last behind`. */
function cellName({ name, around }: { readonly name: string; readonly around: Around }): string {
  return `${name}, first ${around.first}, last ${around.last}`;
}

/** The table's cell for a relation and an order: one word, or what differs with where first and last fragment stood. */
export function cellText(cells: ReadonlyMap<string, Winner>, relation: Relation, sent: 'A first' | 'B first'): string {
  const prefix = `${relation}, ${sent}, `;
  const found = [...cells].filter(([name]) => name.startsWith(prefix));
  const winners = new Set(found.map(([, winner]) => winner));
  if (winners.size === 1) return [...winners][0]!;
  return [...winners]
    .map((winner) => {
      const where = found
        .filter(([, one]) => one === winner)
        .map(([name]) => name.slice(prefix.length).replace(/(first|last) /g, ''));
      return `${winner} (${where.map((text) => text.replace(', ', '/')).join(' ')})`;
    })
    .join(', ');
}

export function policyRows(cells: ReadonlyMap<string, Winner>): string[][] {
  return RELATIONS.map((relation) => [
    relation,
    cellText(cells, relation, 'A first'),
    cellText(cells, relation, 'B first'),
  ]);
}

/** What differs between two policies, cell by cell; cells that only one has, or that are not settled, are not compared. */
export function comparePolicies(
  mine: Pick<PolicyFile, 'cells' | 'triples'>,
  other: Pick<PolicyFile, 'cells' | 'triples'>,
): string[] {
  const differing = <T extends string>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>): string[] =>
    Object.entries(a).flatMap(([name, value]) => {
      const theirs = b[name];
      if (value === 'not settled' || theirs === 'not settled') return [];
      return theirs === undefined || theirs === value ? [] : [`${name}: ${value} here, ${theirs} there`];
    });
  return [...differing(mine.cells, other.cells), ...differing(mine.triples ?? {}, other.triples ?? {})];
}
