#!/usr/bin/env node
import { readyText } from '../cli/ready-text.js';

const text = readyText(process.argv.slice(2), process.stdout.columns);
if (text === null) await import('./program.js');
else {
  // A reader who closes the pipe early has read enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.stdout.write(`${text}\n`);
}
