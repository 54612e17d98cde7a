import { setVerdict } from '../verdict-builder.js';
import type { Group } from './group.js';

/** Whether the fragments of `group` only repeat those of the completed datagram before it. */
export function isLeftover(group: Group, completed: Group): boolean {
  return group.overlaps === 0 && group.records.count === group.fragments && group.records.repeats(completed.records);
}

/** Counts them as duplicates of the completed datagram, numbered on behind its own fragments. */
export function absorb(group: Group, completed: Group): void {
  const verdict = completed.verdict!;
  verdict.duplicates += group.fragments + group.duplicates;
  verdict.headerChecksumErrors += group.headerChecksumErrors;
  const before = completed.seen;
  const told = new Set<number>();
  for (const { level, code, fragment, text, ...shown } of group.findings.list) {
    const number = fragment === null ? null : before + fragment;
    completed.findings.add(level, code, number, numberedOn(text, before), shown);
    if (fragment !== null && completed.findings.list.at(-1)?.fragment === number) told.add(fragment);
  }
  takeCopies(group, completed, told);
  completed.seen += group.seen;
  setVerdict(verdict, completed);
}

function numberedOn(text: string, before: number): string {
  const on = text.replace(/fragment #(\d+)/g, (_, number) => `fragment #${before + Number(number)}`);
  return on.replace('fragment', 'leftover fragment');
}

/** Those of its fragments of which a finding tells are listed among those of the completed one. */
function takeCopies({ records, faultyCopies, began }: Group, completed: Group, told: ReadonlySet<number>): void {
  const later = Math.round((began - completed.began) * 1e6);
  for (const one of [...records.facts(records.count), ...faultyCopies])
    if (told.has(one.number))
      completed.faultyCopies.push({ ...one, number: completed.seen + one.number, micros: later + one.micros });
}
