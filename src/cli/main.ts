#!/usr/bin/env node
import { createOutput } from '../app/common/output.js';
import { trapBugs } from './bug-trap.js';
import { COMMANDS } from './commands.js';
import { PROGRAM } from './parser.js';
import { run } from './run.js';

// exitCode and never exit(): that would lose what stdout has not taken yet.
const finish = trapBugs(PROGRAM);
finish(await run(process.argv.slice(2), COMMANDS, createOutput()));
