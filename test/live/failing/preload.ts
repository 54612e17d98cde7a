import { type Fault, fail, install } from './calls.js';

/** Loaded in front of a process by NODE_OPTIONS: the fault that the environment names is in force in that one. */
const { FAILING_PROCESS: only = '', FAILING_CALL: told = '{}' } = process.env;
if (process.argv[1]?.includes(only) === true) {
  install();
  fail(JSON.parse(told) as Fault);
}
