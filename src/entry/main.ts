#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { CachedProgram, hasCode } from '../cli/code-cache.js';
import { readyText } from '../cli/ready-text.js';

const text = readyText(process.argv.slice(2), process.stdout.columns);
if (text === null) start(fileURLToPath(new URL('./program.js', import.meta.url)));
else {
  // A reader who closes the pipe early has read enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.stdout.write(`${text}\n`);
}

/** There is code only where the program was bundled. */
function start(program: string): void {
  if (hasCode(program)) new CachedProgram(program).run();
  else void import('./program.js');
}
