import fs from 'node:fs';
import { type Fault, fail, install } from './calls.js';

/**
 * Loaded in front of a process by NODE_OPTIONS: the fault that the environment names is in force in that one, and the file that
 * it names is no longer empty once it has struck. It is opened before: later the process may be forbidden to.
 */
const { FAILING_PROCESS: only = '', FAILING_CALL: told = '{}', FAILING_STRUCK: struck = '' } = process.env;
const { openSync, writeSync } = fs; // Node's own: what is installed may let them fail
if (process.argv[1]?.includes(only) === true) {
  install();
  const mark = openSync(struck, 'a');
  fail(JSON.parse(told) as Fault, () => writeSync(mark, 'struck'));
}
