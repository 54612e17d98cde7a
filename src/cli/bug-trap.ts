import { writeSync } from 'node:fs';
import { EXIT } from '../app/exit-codes.js';

/**
 * Exit code 70 for what nobody caught: Node would end with 1, which here means "verification failed". The stack is printed
 * by Node itself; the monitor only adds whose mistake it is and leaves the dying to Node, which reads `exitCode` last.
 */
export function trapBugs(program: string): void {
  process.on('uncaughtExceptionMonitor', () => {
    process.once('exit', () => {
      process.exitCode = EXIT.bug;
    });
    try {
      writeSync(
        2,
        `${program}: a bug of udp-ufo, not of yours: please report it with the command line and this text\n`,
      );
    } catch {
      // stderr is closed: there is nobody to tell
    }
  });
}
