import { MSG_DONTWAIT, PR_SET_PDEATHSIG, SIGKILL } from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import { STOP } from './protocol.js';

const octets = Buffer.alloc(4096);

/**
 * What the parent wants, asked without waiting: cap's loop keeps Node's stream events from running while frames keep
 * coming, so the child looks into the socket by itself, from inside the packet callback too.
 */
export function pollControl(): 'nothing' | 'stop' | 'gone' {
  const got = libc().recv(0, octets, 16, MSG_DONTWAIT);
  if (got === 0) return 'gone';
  return got > 0 && octets.subarray(0, got).includes(STOP) ? 'stop' : 'nothing';
}

/**
 * Makes the kernel kill this process when the thread that started it dies, for the case that descriptor 0 stays open
 * elsewhere. The kernel forgets it when a process becomes somebody else.
 */
export function dieWithParent(): void {
  libc().prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/** Leaves signals that are meant for the whole foreground group (Ctrl-C) to the parent, which then asks for the end. */
export function leaveSignalsToParent(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
}
