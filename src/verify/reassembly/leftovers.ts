import { setVerdict } from '../verdict-builder.js';
import type { Group } from './group.js';

/** Whether the fragments of `group` only repeat those of the completed datagram before it. */
export function isLeftover(group: Group, completed: Group): boolean {
  return group.overlaps === 0 && group.records.count === group.fragments && group.records.repeats(completed.records);
}

/** Counts them as duplicates of the completed datagram. */
export function absorb(group: Group, completed: Group): void {
  const verdict = completed.verdict!;
  verdict.duplicates += group.fragments + group.duplicates;
  verdict.headerChecksumErrors += group.headerChecksumErrors;
  for (const { level, code, fragment, text, ...shown } of group.findings.list)
    completed.findings.add(level, code, fragment, text.replace('fragment', 'leftover fragment'), shown);
  setVerdict(verdict, completed);
}
