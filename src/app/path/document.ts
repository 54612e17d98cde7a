import { grouped } from '../../report/grouped.js';
import type { MatrixCell, MatrixSection, Section, TableRow } from '../../report/html/document.js';
import type { Arrival, ArrivedPackets } from '../common/arrival.js';
import { VERDICT_MARKS } from '../common/comparison-sections.js';
import type { ReportBody } from '../common/html-report.js';
import { type FarEnd, farEndLines } from './far-end.js';
import { type Outcome, passed } from './probe.js';
import { type PathReport, pathVerdict } from './report.js';

/** The page of a path: what it comes to, size × outcome, and every question with its answer. */
export function pathDocument(reports: readonly PathReport[]): ReportBody {
  const found = reports.flatMap(({ findings }) => findings);
  const verdicts = reports.map(pathVerdict);
  const verdict = (['bad', 'inconclusive'] as const).find((one) => verdicts.includes(one)) ?? 'good';
  return {
    title: 'udp-ufo path',
    outcome: {
      verdict: VERDICT_MARKS[verdict],
      text: found[0]?.says ?? 'every size, order and kind of fragment that was tried passes',
    },
    circumstances: reports.map(({ family, address, answers, mtu }) => [
      `IPv${family}`,
      `${address}, MTU ${mtu}, ${answers === null ? 'no answer' : `answered by ${answers}`}`,
    ]),
    sections: reports.flatMap(sections),
  };
}

function sections(report: PathReport): Section[] {
  const { family, farEnd, findings, outcomes } = report;
  return [
    {
      kind: 'notes',
      title: `IPv${family}: what was found`,
      lines:
        findings.length === 0
          ? ['nothing']
          : findings.map(({ code, says, next }) => `${says} (${code}). Next: ${next}`),
    },
    ...(farEnd === null ? [] : [farEndSection(family, farEnd)]),
    sizes(report),
    {
      kind: 'table',
      title: `IPv${family}: what was asked`,
      columns: ['question', 'octets of payload', 'sent', 'arrived', 'twice', 'damaged', 'said by ICMP'],
      rows: outcomes.map(outcomeRow),
    },
  ];
}

function farEndSection(family: 4 | 6, farEnd: FarEnd): Section {
  return { kind: 'notes', title: `IPv${family}: the far end`, lines: farEndLines(farEnd) };
}

/** Whole packets and datagrams in fragments, by size. */
function sizes({ family, outcomes }: PathReport): MatrixSection {
  const whole = /^(small|full|packet-\d+)$/;
  const cut = /^(fragments-small|fragments-full|size-\d+)$/;
  const asked = outcomes.filter(({ probe }) => whole.test(probe.name) || cut.test(probe.name));
  const columns = [...new Set(asked.map(({ probe }) => probe.size))].sort((a, b) => a - b);
  const row = (name: string, names: RegExp): { name: string; cells: MatrixCell[] } => ({
    name,
    cells: columns.map((size) => cell(asked.find(({ probe }) => probe.size === size && names.test(probe.name)))),
  });
  return {
    kind: 'matrix',
    title: `IPv${family}: size × outcome`,
    columns: columns.map((size) => grouped(size)),
    rows: [row('one packet', whole), row('in fragments', cut)],
  };
}

function cell(outcome: Outcome | undefined): MatrixCell {
  if (outcome === undefined) return { mark: 'plain', text: '' };
  return {
    mark: markOf(outcome),
    text: `${outcome.arrived}/${Math.max(outcome.sent, outcome.probe.count)}`,
  };
}

function outcomeRow(outcome: Outcome): TableRow {
  const { probe, sent, arrived, extra, damaged, tooBig, failed, arrivals } = outcome;
  const icmp = tooBig.map(({ mtu, by }) => `too big: ${mtu}${by === null ? '' : ` (${by})`}`).join(', ');
  const details = [...(failed === null ? [] : [failed]), ...arrivals.map(arrivalText)];
  return {
    mark: markOf(outcome),
    cells: [probe.title, probe.size, sent, arrived, extra, damaged, icmp],
    ...(details.length > 0 && { details }),
  };
}

/** What a report said of one datagram. */
function arrivalText({ sequence, length, intact, source, sourcePort, packets }: Arrival): string {
  const what = length === null ? 'only in part' : `${grouped(length)} octets${intact === false ? ', altered' : ''}`;
  return `datagram ${sequence}, from ${source} port ${sourcePort}: ${what}${packets === null ? '' : `; ${packetsText(packets)}`}`;
}

function packetsText({
  fragments,
  sizes,
  first,
  last,
  inOrder,
  ttl,
  dontFragment,
  ident,
  ...more
}: ArrivedPackets): string {
  const runs = sizes.map(([len, times]) => (times === 1 ? `${len}` : `${times} × ${len}`)).join(', ');
  return [
    fragments === 0 ? `one packet of ${runs} octets` : `${fragments} fragments of ${runs} octets`,
    ...(first ? [] : ['the first missing']),
    ...(last ? [] : ['the last missing']),
    ...(inOrder ? [] : ['not in order']),
    ...(more.duplicates > 0 ? [`${more.duplicates} twice`] : []),
    `TTL ${ttl}, ident ${ident}${dontFragment ? ', DF' : ''}${more.optionsLen > 0 ? `, options of ${more.optionsLen} octets` : ''}`,
  ].join(', ');
}

function markOf(outcome: Outcome): 'good' | 'unsure' | 'bad' {
  if (!passed(outcome)) return 'bad';
  return outcome.arrived < outcome.sent ? 'unsure' : 'good';
}
