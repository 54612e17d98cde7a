import type { DatagramKind, DatagramVerdict } from '../../verify/verdict.js';
import { grouped } from '../grouped.js';
import type {
  BarsSection,
  DatagramsSection,
  Mark,
  MatrixSection,
  NotesSection,
  Section,
  TableSection,
} from './document.js';
import { coverageMap, hexDump, timeLine } from './figures.js';
import { html, type Markup } from './markup.js';

const SIGNS: Readonly<Record<Mark, string>> = { good: '●', bad: '✗', unsure: '◐', plain: '·' };

export function mark(which: Mark, text: string): Markup {
  return html`<span class="mark ${which}"><span aria-hidden="true">${SIGNS[which]}</span> ${text}</span>`;
}

export function section(one: Section): Markup {
  switch (one.kind) {
    case 'datagrams':
      return datagrams(one);
    case 'table':
      return table(one);
    case 'matrix':
      return matrix(one);
    case 'bars':
      return bars(one);
    case 'notes':
      return notes(one);
  }
}

/** A table row as the sorting table wants it: cells, by what each is sorted, and what it opens to. */
interface SortableRow {
  readonly kind: string;
  readonly cells: readonly { readonly shown: Markup | string | number; readonly sort: string | number }[];
  readonly details: Markup | null;
}

function sortable(
  title: string,
  note: string | null,
  columns: readonly string[],
  rows: readonly SortableRow[],
): Markup {
  const heads = columns.map(
    (name, i) =>
      html`<th scope="col"${numeric(rows.map(({ cells }) => cells[i]!.sort).find((sort) => sort !== ''))}><button type="button">${name}</button></th>`,
  );
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  const filters =
    kinds.length < 2
      ? null
      : kinds.map(
          (kind) =>
            html`<label><input type="checkbox" name="kind" value="${kind}" checked> ${KINDS[kind] ?? kind}</label> `,
        );
  return html`<section class="sortable"><h2>${title}</h2>${note === null ? null : html`<p>${note}</p>`}
<p class="tools"><label>Search <input type="search"></label> ${filters}<output></output></p>
<div class="scroll"><table><thead><tr>${heads}</tr></thead>
${rows.map((row) => sortableRow(row, columns.length))}</table></div></section>`;
}

function sortableRow({ kind, cells, details }: SortableRow, columns: number): Markup {
  const [first, ...rest] = cells;
  const opener =
    details === null ? null : html`<button type="button" class="open" aria-expanded="false">details</button> `;
  const head = html`<td data-sort="${first!.sort}">${opener}${first!.shown}</td>`;
  const others = rest.map(({ shown, sort }) => html`<td data-sort="${sort}"${numeric(sort)}>${shown}</td>`);
  const more = details === null ? null : html`<tr class="details" hidden><td colspan="${columns}">${details}</td></tr>`;
  return html`<tbody data-kind="${kind}"><tr>${head}${others}</tr>${more}</tbody>\n`;
}

/** Numbers stand under each other. */
function numeric(sort: string | number | undefined): Markup | null {
  return typeof sort === 'number' ? html` class="num"` : null;
}

/** What a filter calls rows without a mark. */
const KINDS: Readonly<Record<string, string>> = { plain: 'others' };
const DATAGRAM_COLUMNS = ['verdict', 'from', 'to', 'id', 'fragments', 'payload', 'found'];
const MARKS: Readonly<Record<DatagramKind, Mark>> = {
  good: 'good',
  bad: 'bad',
  incomplete: 'unsure',
  reassembled: 'unsure',
  offloaded: 'good',
  spliced: 'unsure',
  planned: 'good',
};

function datagrams({ title, sampled, datagrams }: DatagramsSection): Markup {
  return sortable(title, sampled, DATAGRAM_COLUMNS, datagrams.map(datagramRow));
}

function datagramRow(verdict: DatagramVerdict): SortableRow {
  const { verdict: kind, source, destination, udp, ident, fragments, payloadLen, findings, via } = verdict;
  const end = (address: string, port: number | undefined): string =>
    port === undefined ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const text = (shown: string) => ({ shown, sort: shown });
  const number = (value: number | null) => ({
    shown: value === null ? '–' : grouped(value),
    sort: value ?? -1,
  });
  return {
    kind,
    cells: [
      { shown: mark(MARKS[kind], kind), sort: kind },
      text(end(source, udp?.sourcePort)),
      text(`${end(destination, udp?.destinationPort)}${via === null ? '' : ` (${via})`}`),
      { shown: ident === null ? '–' : `${ident}`, sort: ident ?? -1 },
      number(fragments),
      number(payloadLen),
      text(findings.map(({ code }) => code).join(', ')),
    ],
    details: datagramDetails(verdict),
  };
}

function datagramDetails(verdict: DatagramVerdict): Markup | null {
  const figures = [coverageMap(verdict), timeLine(verdict)];
  if (verdict.findings.length === 0 && figures.every((figure) => figure === null)) return null;
  const found = verdict.findings.map(
    ({ code, level, text, octets, mark: marked }) =>
      html`<li>${level === 'mismatch' ? mark('bad', code) : mark('plain', code)}: ${text}${
        octets === undefined ? null : hexDump(octets, marked)
      }</li>`,
  );
  return html`<ul>${found}</ul>${figures}`;
}

function table({ title, columns, rows }: TableSection): Markup {
  const sorted = rows.map((row) => ({
    kind: row.mark,
    cells: row.cells.map((cell, i) => ({
      shown:
        i === 0 && row.mark !== 'plain'
          ? mark(row.mark, String(cell))
          : typeof cell === 'number'
            ? grouped(cell)
            : cell,
      sort: cell,
    })),
    details: row.details === undefined ? null : html`<ul>${row.details.map((line) => html`<li>${line}</li>`)}</ul>`,
  }));
  return sortable(title, null, columns, sorted);
}

function matrix({ title, columns, rows }: MatrixSection): Markup {
  const heads = columns.map((name) => html`<th scope="col">${name}</th>`);
  const lines = rows.map(
    ({ name, cells }) =>
      html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell.text === '' ? null : mark(cell.mark, cell.text)}</td>`)}</tr>\n`,
  );
  return html`<section><h2>${title}</h2><div class="scroll"><table class="matrix"><thead><tr><td></td>${heads}</tr></thead>
<tbody>${lines}</tbody></table></div></section>`;
}

function bars({ title, unit, bars: all }: BarsSection): Markup {
  const most = Math.max(...all.map(({ value }) => value), 1e-9);
  const lines = all.map(
    ({ name, value, text }) =>
      html`<tr><th scope="row">${name}</th><td class="bar"><svg viewBox="0 0 400 12" aria-hidden="true"><rect class="piece" x="0" y="1" width="${(
        (400 * value) / most
      ).toFixed(1)}" height="10"/></svg></td><td>${text}</td></tr>\n`,
  );
  return html`<section><h2>${title}</h2><table class="bars"><caption>${unit}</caption><tbody>${lines}</tbody></table></section>`;
}

function notes({ title, lines }: NotesSection): Markup {
  return html`<section><h2>${title}</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></section>`;
}
