import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { insideLab } from '../../src/host/lab.js';
import { readPrivileges } from '../../src/host/privileges.js';

const OUTSIDE =
  "needs a lab with the machine's own root: npm test as root, or udp-ufo lab --real-root -- node --test FILE";

/** A suite that a user namespace forbids. Elsewhere it is skipped with the reason, but under CI it fails. */
export function describeInRootLab(name: string, fn: () => void): void {
  const there = insideLab() !== null && !readPrivileges().inUserNamespace;
  if (there) describe(name, fn);
  else if (!['', '0', 'false'].includes(process.env['CI'] ?? '')) it(name, () => assert.fail(OUTSIDE));
  else it(name, { skip: OUTSIDE }, () => undefined);
}
