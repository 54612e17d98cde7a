import '../../src/entry/programs.js';
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { insideLab } from '../../src/host/lab.js';

const OUTSIDE = 'not inside a lab: run it by npm test, or udp-ufo lab -- node --test FILE';

/**
 * A test that needs the lab. Outside one it is skipped with the reason, but under CI, where nobody would notice, it
 * fails. A minute at most unless told, for traffic that never comes must not hold up everything else.
 */
export function liveIt(
  name: string,
  fn: (t: TestContext) => void | Promise<void>,
  { timeout = 60_000 }: { readonly timeout?: number } = {},
): void {
  if (insideLab() !== null) it(name, { timeout }, fn);
  else if (!['', '0', 'false'].includes(process.env['CI'] ?? '')) it(name, () => assert.fail(OUTSIDE));
  else it(name, { skip: OUTSIDE }, () => undefined);
}

/** A suite whose hooks need the lab: outside one they do not run. `concurrency` tests run side by side; one unless told. */
export function describeLive(name: string, fn: () => void, options: { readonly concurrency?: number } = {}): void {
  if (insideLab() !== null) describe(name, options, fn);
  else describe(name, () => liveIt('needs the lab', () => undefined));
}
