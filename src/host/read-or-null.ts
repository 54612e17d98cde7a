import { readFileSync } from 'node:fs';

/** What a small file of /proc or /sys says; null where it is not there or not to be read: nothing fails for it. */
export function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
