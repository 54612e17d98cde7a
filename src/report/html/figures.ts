import { Extents } from '../../verify/reassembly/extents.js';
import type { DatagramVerdict, FragmentVerdict } from '../../verify/verdict.js';
import { html, type Markup } from './markup.js';

/** More than a reader can tell apart on a screen. */
const MOST_ROWS = 120;
const WIDTH = 800;
const ROW = 12;
const LABEL = 120;
const LEGEND =
  '; outlined: octets that other fragments have too (= the same ones; ≠ and filled: some of them are others; ? nobody knows)';

/** Octets that a fragment shares with others of the datagram. */
interface Shared {
  readonly all: Extents;
  /** Those of which some are others there. */
  readonly conflicts: Extents;
}

/**
 * Fragments as bars over the octets of the datagram, a row each in the order of arrival; octets that came more than once on
 * them; holes beneath.
 */
export function coverageMap({ fragmentList, holes, findings, conflicts, cut }: DatagramVerdict): Markup | null {
  if (fragmentList === null || fragmentList.length === 0) return null;
  const shown = fragmentList.slice(0, MOST_ROWS);
  const distinct = fragmentList.filter(({ repeated }) => !repeated);
  const end = Math.max(
    ...fragmentList.map(({ offset, length }) => offset + length),
    ...holes.map(([, to]) => to ?? 0),
    1,
  );
  const x = (octet: number): number => Math.round(((WIDTH - LABEL) * octet) / end) + LABEL;
  const conflicting = new Set(
    findings.flatMap(({ code, fragment }) => (code === 'fragment-conflict' ? (fragment ?? []) : [])),
  );
  // Of very many findings some are left out, and what the capture cut was not compared.
  const isKnown = conflicting.size >= conflicts && !cut;
  const shared = shown.map((fragment) => sharedOctets(fragment, distinct, conflicting));
  const rows = shown.map((fragment, i) => fragmentBar(fragment, i, x, shared[i]!, isKnown));
  const gaps = holes.map(([from, to]) => holeBar(from, to ?? end, shown.length, x));
  const left = fragmentList.length - shown.length;
  const height = (shown.length + (holes.length > 0 ? 1 : 0)) * ROW + 4;
  const legend = shared.some(({ all }) => all.count > 0) ? LEGEND : '';
  return html`<figure><figcaption>Fragments over the octets of the IP payload, 0 \u2026 ${end}${legend}${
    left > 0 ? `; ${left} more fragments not drawn` : ''
  }</figcaption><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="coverage of ${end} octets by ${
    fragmentList.length
  } fragments, ${holes.length} holes">${rows}${gaps}</svg></figure>`;
}

function fragmentBar(
  { number, frame, offset, length, more, repeated }: FragmentVerdict,
  row: number,
  x: (octet: number) => number,
  { all, conflicts }: Shared,
  isKnown: boolean,
): Markup {
  const y = row * ROW + 1;
  const bar = (name: string, from: number, to: number): Markup =>
    html`<rect class="${name}" x="${x(from)}" y="${y}" width="${Math.max(1, x(to) - x(from))}" height="${ROW - 3}"/>`;
  const bars = (name: string, extents: Extents): Markup[] => extents.ranges.map(([from, to]) => bar(name, from, to));
  const [said, sign] =
    all.count === 0
      ? ['', '']
      : conflicts.count > 0
        ? [', overlaps with other data', ' ≠']
        : isKnown
          ? [', overlaps with the same data', ' =']
          : [', overlaps', ' ?'];
  const title = `frame ${frame}: octets ${offset} … ${offset + length}${more ? ', MF' : ''}${repeated ? ', repeated' : said}`;
  return html`<g><title>${title}</title><text x="0" y="${y + 8}">#${number} frame ${frame}${sign}</text>${bar(
    'piece',
    offset,
    offset + length,
  )}${bars('overlap', all)}${bars('conflict', conflicts)}</g>`;
}

function holeBar(from: number, to: number, row: number, x: (octet: number) => number): Markup {
  const y = row * ROW;
  const width = Math.max(2, x(to) - x(from));
  return html`<g><title>missing: octets ${from} \u2026 ${to}</title><text x="0" y="${y + 9}">missing</text><rect class="hole" x="${x(
    from,
  )}" y="${y + 1}" width="${width}" height="${ROW - 3}"/></g>`;
}

/** @param conflicting numbers of fragments that are known to have other data than those before them */
function sharedOctets(
  { number, offset, length, repeated }: FragmentVerdict,
  list: readonly FragmentVerdict[],
  conflicting: ReadonlySet<number>,
): Shared {
  const shared: Shared = { all: new Extents(), conflicts: new Extents() };
  if (repeated) return shared; // it lies on another, wholly
  for (const other of list) {
    const from = Math.max(offset, other.offset);
    const to = Math.min(offset + length, other.offset + other.length);
    if (other.number === number || from >= to) continue;
    shared.all.add(from, to);
    if (conflicting.has(Math.max(number, other.number))) shared.conflicts.add(from, to);
  }
  return shared;
}

/** When each fragment came, from the first on. */
export function timeLine({ fragmentList }: DatagramVerdict): Markup | null {
  if (fragmentList === null || fragmentList.length < 2) return null;
  const times = fragmentList.map(({ time }) => time);
  const start = Math.min(...times);
  const span = Math.max(...times) - start;
  if (span <= 0) return null;
  const x = (time: number): number => LABEL + ((WIDTH - LABEL - 8) * (time - start)) / span + 4;
  const points = fragmentList
    .slice(0, MOST_ROWS * 4)
    .map(
      ({ number, time, offset }) =>
        html`<circle class="piece" cx="${x(time).toFixed(1)}" cy="12" r="3"><title>#${number}, offset ${offset}: +${micros(
          time - start,
        )}</title></circle>`,
    );
  return html`<figure><figcaption>Arrival over ${micros(span)}</figcaption><svg viewBox="0 0 ${WIDTH} 24" role="img" aria-label="${
    fragmentList.length
  } arrivals over ${micros(span)}"><line x1="${LABEL}" x2="${WIDTH}" y1="12" y2="12"/>${points}</svg></figure>`;
}

function micros(seconds: number): string {
  return seconds < 1 ? `${(seconds * 1e3).toFixed(3)} ms` : `${seconds.toFixed(3)} s`;
}

/** Octets in hex, sixteen a line, the marked ones marked. */
export function hexDump(octets: string, mark: readonly [number, number] | undefined): Markup {
  const pairs = octets.match(/../g) ?? [];
  const [from, to] = mark ?? [0, 0];
  const lines: Markup[] = [];
  for (let at = 0; at < pairs.length; at += 16) {
    const cells = pairs
      .slice(at, at + 16)
      .map((pair, i) => (at + i >= from && at + i < to ? html`<mark>${pair}</mark> ` : html`${pair} `));
    lines.push(html`${at.toString(16).padStart(4, '0')}  ${cells}\n`);
  }
  return html`<pre class="hex">${lines}</pre>`;
}
