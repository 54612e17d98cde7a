import fs from 'node:fs';
import { type Fault, fail, install } from './calls.js';

/**
 * Loaded in front of a process by NODE_OPTIONS: the fault that the environment names is in force in that one, and the file that
 * it names is there once it has struck.
 */
const { FAILING_PROCESS: only = '', FAILING_CALL: told = '{}', FAILING_STRUCK: struck = '' } = process.env;
const { openSync, closeSync } = fs; // Node's own: what is installed may let them fail
if (process.argv[1]?.includes(only) === true) {
  install();
  fail(JSON.parse(told) as Fault, () => closeSync(openSync(struck, 'a')));
}
