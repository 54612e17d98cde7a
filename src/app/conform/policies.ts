import type { Interval } from './relations.js';

/** Whose octets are delivered, unit by unit (position in the order of sending), or that nothing is. */
export type Mixture = readonly number[] | 'none';

/** A receiver's way with overlaps that has a name. */
export interface KnownPolicy {
  readonly name: string;
  readonly does: string;
  /** Who has it, as far as is known. */
  readonly who: string;
  /** What to tell an IDS so that it sees what this receiver sees. */
  readonly ids: string;
  /** What becomes of fragments that come in this order and together cover `[0, units)`, ends joined on either side. */
  readonly mix: (fragments: readonly Interval[], units: number) => Mixture;
}

/** Whether the later one of two fragments that overlap wins the units that both have. */
type NewWins = (old: Interval, later: Interval) => boolean;

const SNORT = (name: string): string => `Snort frag3 policy ${name}, Suricata host-os-policy ${name}`;

/**
 * The policies by the names that Snort and Suricata give them (Novak, "Target-based fragmentation reassembly", 2005; frag3
 * and Suricata's defragmentation), and those that discard.
 */
export const KNOWN_POLICIES: readonly KnownPolicy[] = [
  trimming('first', 'what came first stays', 'older Windows, SunOS, HP-UX', SNORT('first'), () => false),
  trimming('last', 'what comes later wins', 'Cisco IOS', SNORT('last'), () => true),
  trimming(
    'bsd',
    'first, unless the later one begins before it',
    'BSD, AIX, OpenVMS',
    SNORT('bsd'),
    ([old], [later]) => later < old,
  ),
  trimming(
    'bsd-right',
    'the later one, unless it begins before',
    'HP JetDirect',
    SNORT('bsd-right'),
    ([old], [later]) => later >= old,
  ),
  trimming(
    'linux',
    'first, unless the later one begins before it or where it begins',
    'Linux before 2018',
    SNORT('linux'),
    ([old], [later]) => later <= old,
  ),
  trimming(
    'windows',
    'first, unless the later one goes beyond it on both sides',
    'Windows',
    SNORT('windows'),
    ([a, b], [c, d]) => c < a && d > b,
  ),
  trimming(
    'solaris',
    'first, unless the later one begins before it and ends with or behind it',
    'Solaris',
    SNORT('solaris'),
    ([a, b], [c, d]) => c < a && d >= b,
  ),
  {
    name: 'linux-new',
    does: 'discards what came of the datagram, but leaves aside what lies within what came, and takes what comes after',
    who: 'Linux since 4.19 (inet_frag_queue_insert)',
    ids: 'no Snort or Suricata policy discards; first is the nearest, and alert on any overlap',
    mix: linuxNew,
  },
  {
    name: 'discard',
    does: 'discards the datagram at any overlap, exact copies aside',
    who: 'RFC 5722, RFC 8200',
    ids: 'no Snort or Suricata policy discards; drop or alert on any overlap',
    mix: (fragments, units) => {
      const clash = fragments.some((one, at) =>
        fragments.slice(0, at).some((other) => meet(one, other) && !same(one, other)),
      );
      return clash ? 'none' : mixed(fragments, units, () => false);
    },
  },
  {
    name: 'discard-all',
    does: 'discards the datagram at any overlap, exact copies too',
    who: 'RFC 5722 without its errata 3089',
    ids: 'no Snort or Suricata policy discards; drop or alert on any overlap',
    mix: (fragments, units) => {
      const clash = fragments.some((one, at) => fragments.slice(0, at).some((other) => meet(one, other)));
      return clash ? 'none' : mixed(fragments, units, () => false);
    },
  },
];

function trimming(name: string, does: string, who: string, ids: string, newWins: NewWins): KnownPolicy {
  return { name, does, who, ids, mix: (fragments, units) => mixed(fragments, units, newWins) };
}

/** Unit by unit: the one that has it, and each later one that covers it and wins. */
function mixed(fragments: readonly Interval[], units: number, newWins: NewWins): Mixture {
  return Array.from({ length: units }, (_none, unit) =>
    fragments.reduce((owner, one, at) => {
      if (unit < one[0] || unit >= one[1]) return owner;
      return owner < 0 || newWins(fragments[owner]!, one) ? at : owner;
    }, -1),
  );
}

/**
 * As `inet_frag_queue_insert`: what goes on where the last one ends joins its run, what comes elsewhere begins a run of its
 * own, also between two that it touches. Within a run a later one is taken for a copy; anything else that overlaps throws
 * away what came, itself too, and remembers nothing: what still comes may make a datagram by itself.
 */
function linuxNew(fragments: readonly Interval[], units: number): Mixture {
  let runs: [start: number, end: number][] = [];
  let kept: { readonly at: number; readonly one: Interval }[] = [];
  fragments.forEach((one, at) => {
    const [start, end] = one;
    const last = runs.reduce<[number, number] | undefined>(
      (a, b) => (a !== undefined && a[1] > b[1] ? a : b),
      undefined,
    );
    const clash = runs.find((run) => meet(run, one));
    if (clash !== undefined && start >= clash[0] && end <= clash[1]) return;
    if (clash !== undefined) {
      runs = [];
      kept = [];
      return;
    }
    if (last !== undefined && start === last[1]) last[1] = end;
    else runs.push([start, end]);
    kept.push({ at, one });
  });
  const owners = mixed(
    kept.map(({ one }) => one),
    units,
    () => false,
  );
  return owners === 'none' || owners.includes(-1) ? 'none' : owners.map((owner) => kept[owner]!.at);
}

function meet([a, b]: Interval, [c, d]: Interval): boolean {
  return a < d && c < b;
}

function same([a, b]: Interval, [c, d]: Interval): boolean {
  return a === c && b === d;
}
