import { readFileSync } from 'node:fs';

/** This boot of this machine, as the kernel names it; empty where it does not. */
export function thisMachine(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
