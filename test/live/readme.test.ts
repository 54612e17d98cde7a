import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MAIN } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What README says somebody sees who types a command; `…` and what it leaves out stand for lines not shown. */
interface Transcript {
  readonly command: string;
  readonly shown: readonly string[];
}

const text = await readFile(join(ROOT, 'README.md'), 'utf8');
const all: Transcript[] = [...text.matchAll(/^```console\n\$ ([\s\S]*?)^```$/gm)].map(([, block = '']) => {
  const lines = block.trimEnd().split('\n');
  const ends = lines.findIndex((line, i) => isComplete(lines.slice(0, i + 1).join('\n')) && !line.endsWith('\\'));
  const shown = lines.slice(ends + 1).filter((line) => line.trim() !== '…');
  return { command: lines.slice(0, ends + 1).join('\n'), shown };
});

describeLive('what README shows of the command line', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'udp-ufo-readme-'));
    await symlink(MAIN, join(folder, 'udp-ufo'));
  });
  after(() => rm(folder, { recursive: true }));

  liveIt('has commands with what they print', () => {
    assert.ok(all.length >= 3);
    for (const { command, shown } of all) assert.ok(shown.length >= 5, command);
  });

  for (const { command, shown } of all) {
    liveIt(`is what comes of ${command.split('\n')[0]}`, async () => {
      const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
      const { stdout } = await promisify(execFile)('sh', ['-c', command], { env, timeout: 55_000 });
      const printed = stdout.split('\n').map(masked);
      let at = 0;
      for (const line of shown) {
        const found = printed.indexOf(masked(line), at);
        assert.ok(found >= 0, `${JSON.stringify(line)} is not there, or not in this place:\n${stdout}`);
        at = found + 1;
      }
    });
  }
});

/** A line in which what differs from run to run does not stand: ports, idents, times and rates, and the widths they take. */
function masked(line: string): string {
  return line
    .replace(/\]:\d{5}\b/g, ']:PORT')
    .replace(/ident \d+/, 'ident N')
    .replace(/^ {2}[\d.]+ s: .*/, '  TIME')
    .replace(/^(│ ident .*)$/, (row) => row.replace(/\d+ */g, 'N '));
}

/** Whether the shell would run it as it is: its quotes are closed. */
function isComplete(command: string): boolean {
  return (command.match(/'/g) ?? []).length % 2 === 0;
}
