import { writeSync } from 'node:fs';
import { EXIT } from '../app/common/exit-codes.js';

/**
 * Exit code 70 for what nobody caught or finished: Node would end with 1, which here means "verification failed", or with 13
 * for an await that nothing can end. So 70 stands until the program's own code is handed to the function returned. The stack
 * is printed by Node itself; we only add whose mistake it is, and leave the dying to Node, which reads `exitCode` last.
 */
export function trapBugs(program: string): (code: number) => void {
  let finished = false;
  let uncaught = false;
  process.on('uncaughtExceptionMonitor', () => {
    uncaught = true;
    plead(program, 'it died of this');
  });
  process.once('exit', () => {
    if (finished && !uncaught) return;
    process.exitCode = EXIT.bug;
    if (!uncaught) plead(program, 'it ended before its work did');
  });
  return (code) => {
    finished = true;
    process.exitCode = code;
  };
}

function plead(program: string, what: string): void {
  try {
    writeSync(2, `${program}: a bug of udp-ufo, please report it with the command line: ${what}\n`);
  } catch {
    // stderr is closed: there is nobody to tell
  }
}
