import { closeSync, constants, openSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { noNewPrivileges } from './call-filter.js';
import { foldersOfFilesToCome } from './files-to-come.js';
import { become, invokingUser, isRealRoot, NOBODY, takeGroups, type User } from './invoking-user.js';
import type { Capability } from './privileges.js';
import { becomeKeeping, leaveFiles } from './thread-rights.js';

let isOurs = false;

/** Says that this process is ours alone. In others' (a test's, say) what they may need themselves is not given up. */
export function ownProcess(): void {
  isOurs = true;
}

export interface Kept {
  /** Inputs that are still to be opened, by whatever thread. */
  readonly reads?: readonly string[];
  /** What sockets and captures to come take. */
  readonly capabilities?: readonly Capability[];
}

/**
 * Once all is open that needs privileges: this process, if it is ours alone, becomes whoever called sudo, or nobody where root
 * called us, for good and in all its threads, and nothing it starts can be more (no_new_privs). Two things stay where they must,
 * with the main thread alone: capabilities that are asked for; and, where root called us, that files are root's, until the last of
 * those that were opened has its name.
 */
export function dropPrivileges({ reads = [], capabilities = [] }: Kept = {}): void {
  if (!isOurs || process.geteuid?.() !== 0) return;
  noNewPrivileges();
  const user = invokingUser() ?? (isRealRoot() ? NOBODY : null);
  if (user === null || !mayStay(user, reads)) return;
  const folders = user === NOBODY ? foldersOfFilesToCome(() => leaveFiles(user, capabilities)) : [];
  takeGroups(user);
  becomeKeeping(user, capabilities, folders);
}

/**
 * Whether root may become that user at all, and go on so: programs of ours are still to be loaded, and root's home is closed to
 * others; so may be what is to be read.
 */
function mayStay(user: User, reads: readonly string[]): boolean {
  const back = become(user);
  if (back === null) return false;
  try {
    return [fileURLToPath(import.meta.url), ...reads].every(mayRead);
  } finally {
    back();
  }
}

/** Of others than plain files nobody can say without opening them, which their writers would notice. */
function mayRead(path: string): boolean {
  if (path === '-') return true;
  try {
    if (!statSync(path).isFile()) return false;
    closeSync(openSync(path, constants.O_RDONLY));
    return true;
  } catch {
    return false;
  }
}
