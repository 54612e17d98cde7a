import { grouped } from '../../report/grouped.js';
import { farEndLines } from './far-end.js';
import { type Outcome, passed } from './probe.js';
import type { PathReport } from './report.js';

const ANSWERS = {
  report: 'answered by udp-ufo receive --report',
  echo: 'answered by an echo: what is lost may be lost on the way back',
  'closed-port': 'answered by ICMP port unreachable of a closed port',
} as const;

/** The report for a terminal: a line a question, the sizes as a picture, and what it comes to. */
export function pathText(report: PathReport): string {
  const { address, answers, mtu, outcomes, farEnd, findings } = report;
  const how = answers === null ? 'no answer' : ANSWERS[answers];
  const asked = outcomes.filter(({ probe }) => !/^(size|packet|limit|wait)-/.test(probe.name));
  return [
    `path to ${address}, MTU ${mtu}: ${how}`,
    ...asked.map(row),
    ...picture(outcomes),
    ...(farEnd === null ? [] : farEndLines(farEnd).map((line) => `  ${line}`)),
    ...verdict(report),
    ...findings.slice(1).map(({ says, next }) => `also: ${says}\n  next: ${next}`),
  ].join('\n');
}

function row(outcome: Outcome): string {
  const { probe, sent, arrived, failed, tooBig } = outcome;
  const mark = passed(outcome) ? (arrived < sent ? '◐' : '●') : '○';
  const notes = [
    ...(failed === null ? [] : [failed]),
    ...tooBig.map(({ mtu, by }) => `ICMP too big: ${mtu} octets${by === null ? '' : ` (${by})`}`),
  ];
  const count = `${arrived} of ${Math.max(sent, probe.count)}`.padStart(9);
  return `  ${mark} ${probe.title.padEnd(44)}${count}${notes.length === 0 ? '' : `   ${notes.join('; ')}`}`;
}

/** Size × outcome: packets that are whole, and datagrams in fragments. */
function picture(outcomes: readonly Outcome[]): string[] {
  const rows = [
    ['whole packet', /^(small|full|packet-\d+)$/],
    ['in fragments', /^(fragments-small|fragments-full|size-\d+)$/],
  ] as const;
  return rows.flatMap(([title, names]) => {
    const sized = outcomes.filter(({ probe }) => names.test(probe.name)).sort((a, b) => a.probe.size - b.probe.size);
    if (sized.length < 2) return [];
    const cells = sized.map((outcome) => `${grouped(outcome.probe.size)} ${passed(outcome) ? '●' : '○'}`);
    return [`  ${title}, octets of payload: ${cells.join('  ')}`];
  });
}

function verdict({ findings: [gravest], answers }: PathReport): string[] {
  if (gravest !== undefined) return [`${gravest.says}`, `  next: ${gravest.next}`];
  const kinds = 'every size, order and kind of fragment that was tried passes';
  return [answers === 'echo' ? `nothing found: ${kinds}, there and back` : `nothing found: ${kinds}`];
}
