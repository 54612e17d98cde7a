import type { DatagramVerdict, FragmentVerdict } from '../../verify/verdict.js';
import { html, type Markup } from './markup.js';

/** More than a reader can tell apart on a screen. */
const MOST_ROWS = 120;
const WIDTH = 800;
const ROW = 12;
const LABEL = 120;
const LEGEND = '; outlined: octets that came more than once (= the same, ≠ and filled: with other data)';

/** Octets that a fragment shares with another one of the datagram, and whether they are others there. */
interface Shared {
  readonly from: number;
  readonly to: number;
  readonly conflict: boolean;
}

/**
 * Fragments as bars over the octets of the datagram, a row each in the order of arrival; octets that came more than once on
 * them; holes beneath.
 */
export function coverageMap({ fragmentList, holes, findings }: DatagramVerdict): Markup | null {
  if (fragmentList === null || fragmentList.length === 0) return null;
  const shown = fragmentList.slice(0, MOST_ROWS);
  const end = Math.max(
    ...fragmentList.map(({ offset, length }) => offset + length),
    ...holes.map(([, to]) => to ?? 0),
    1,
  );
  const x = (octet: number): number => Math.round(((WIDTH - LABEL) * octet) / end) + LABEL;
  const conflicting = new Set(
    findings.flatMap(({ code, fragment }) => (code === 'fragment-conflict' ? (fragment ?? []) : [])),
  );
  const shared = shown.map((fragment) => sharedOctets(fragment, shown, conflicting));
  const rows = shown.map((fragment, i) => fragmentBar(fragment, i, x, shared[i]!));
  const gaps = holes.map(([from, to]) => holeBar(from, to ?? end, shown.length, x));
  const left = fragmentList.length - shown.length;
  const height = (shown.length + (holes.length > 0 ? 1 : 0)) * ROW + 4;
  const legend = shared.some(({ length }) => length > 0) ? LEGEND : '';
  return html`<figure><figcaption>Fragments over the octets of the IP payload, 0 … ${end}${legend}${
    left > 0 ? `; ${left} more fragments not drawn` : ''
  }</figcaption><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="coverage of ${end} octets by ${
    fragmentList.length
  } fragments, ${holes.length} holes">${rows}${gaps}</svg></figure>`;
}

function fragmentBar(
  { frame, offset, length, more }: FragmentVerdict,
  row: number,
  x: (octet: number) => number,
  shared: readonly Shared[],
): Markup {
  const y = row * ROW + 1;
  const bar = (name: string, from: number, to: number): Markup =>
    html`<rect class="${name}" x="${x(from)}" y="${y}" width="${Math.max(1, x(to) - x(from))}" height="${ROW - 3}"/>`;
  const conflict = shared.some((one) => one.conflict);
  const said = shared.length === 0 ? '' : conflict ? ', overlaps with other data' : ', overlaps with the same data';
  const sign = shared.length === 0 ? '' : conflict ? ' ≠' : ' =';
  const title = `frame ${frame}: octets ${offset} … ${offset + length}${more ? ', MF' : ''}${said}`;
  const over = shared.map(({ from, to, conflict: other }) => bar(other ? 'conflict' : 'overlap', from, to));
  return html`<g><title>${title}</title><text x="0" y="${y + 8}">#${row + 1} frame ${frame}${sign}</text>${bar(
    'piece',
    offset,
    offset + length,
  )}${over}</g>`;
}

function holeBar(from: number, to: number, row: number, x: (octet: number) => number): Markup {
  const y = row * ROW;
  const width = Math.max(2, x(to) - x(from));
  return html`<g><title>missing: octets ${from} … ${to}</title><text x="0" y="${y + 9}">missing</text><rect class="hole" x="${x(
    from,
  )}" y="${y + 1}" width="${width}" height="${ROW - 3}"/></g>`;
}

/** @param conflicting numbers of fragments that are known to have other data than one before them */
function sharedOctets(
  fragment: FragmentVerdict,
  all: readonly FragmentVerdict[],
  conflicting: ReadonlySet<number>,
): Shared[] {
  const shared: Shared[] = [];
  for (const other of all) {
    const from = Math.max(fragment.offset, other.offset);
    const to = Math.min(fragment.offset + fragment.length, other.offset + other.length);
    if (other === fragment || from >= to) continue;
    shared.push({ from, to, conflict: conflicting.has(Math.max(fragment.number, other.number)) });
  }
  return shared.sort((a, b) => Number(a.conflict) - Number(b.conflict)); // conflicts on top
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
      ({ time, offset }, i) =>
        html`<circle class="piece" cx="${x(time).toFixed(1)}" cy="12" r="3"><title>#${i + 1}, offset ${offset}: +${micros(
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
