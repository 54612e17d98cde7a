/** The command line with all its commands; `main` starts it where a text that is ready will not do. */
import { createOutput } from '../app/common/output.js';
import { trapBugs } from '../cli/bug-trap.js';
import { COMMANDS } from '../cli/commands.js';
import { PROGRAM } from '../cli/program.js';
import { run } from '../cli/run.js';
import { ownProcess } from '../host/drop-privileges.js';
import './programs.js';

ownProcess();
// exitCode and never exit(): that would lose what stdout has not taken yet.
const finish = trapBugs(PROGRAM);
void run(process.argv.slice(2), COMMANDS, createOutput()).then(finish);
