import { readOrNull } from '../../host/read-or-null.js';

/** This boot of this machine, as the kernel names it; empty where it does not. */
export function thisMachine(): string {
  return (readOrNull('/proc/sys/kernel/random/boot_id') ?? '').trim();
}
