import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { defineCommand, optionName } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';
import * as option from '../../src/options/builders.js';
import { MAIN } from '../live/cli.js';
import { runHere } from './fixture.js';

const FLOW = ['--source', '192.0.2.1:1', '--destination', '192.0.2.2:2', '--size', '3000', '--ident', '7'];

describe('an output that is standard output', () => {
  const folder = mkdtempSync(join(tmpdir(), 'standard-output-'));
  const [capture, saved] = [join(folder, 'a.pcap'), join(folder, 'saved')];
  after(() => rmSync(folder, { recursive: true }));
  const cli = (...words: string[]) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...words]);
    return { stdout, stderr: String(stderr), status };
  };
  before(() => assert.equal(cli('segment', ...FLOW, '-w', capture, '--save', saved).status, 0));

  const says = defineCommand({
    name: 'says',
    describe: 'Writes a line and an object',
    options: { pcap: option.outputFile({ describe: 'file' }) },
    examples: [],
    handler: async (_values, { output }) => {
      await output.line('a line');
      await output.json({ an: 'object' });
    },
  });
  for (const path of ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']) {
    it(`${path} has results go to stderr, whatever the command is`, async () => {
      const { stdout, stderr } = await runHere(['says', '--pcap', path], [says]);
      assert.deepEqual([stdout, stderr], ['', 'a line\n{"an":"object"}\n']);
    });
  }

  it('leaves them where they are as long as there is none', async () => {
    for (const path of ['/dev/stderr', '/dev/null']) {
      const { stdout, stderr } = await runHere(['says', '--pcap', path], [says]);
      assert.deepEqual([stdout, stderr], ['a line\n{"an":"object"}\n', '']);
    }
  });

  it('takes one file: a second one is refused, by every command', async () => {
    for (const { name, options } of COMMANDS) {
      const outputs = Object.entries(options).filter(([, { opens }]) => opens === 'output');
      if (outputs.length < 2) continue;
      const [one, other] = outputs.map(([key, given]) => optionName(key, given));
      const needs = { segment: FLOW, reassemble: ['-r', capture], conform: ['192.0.2.2:9'], path: ['192.0.2.2'] };
      const beside = { send: ['192.0.2.2:9'], replay: [capture], ...needs }[name] ?? [];
      const exclusive = COMMANDS.find((command) => command.name === name)!.exclusive;
      if (exclusive.some((set) => outputs.slice(0, 2).every(([key]) => set.includes(key)))) continue;
      const { code, stderr } = await runHere([name, ...beside, one!, '-', other!, '/dev/stdout'], COMMANDS);
      assert.match(stderr, /is the file that --[\w-]+ writes/, name);
      assert.equal(code, 2);
    }
  });

  it('of verify --html is a page and nothing else', () => {
    for (const more of [[], ['--json']]) {
      const { stdout, stderr, status } = cli('verify', '-r', capture, '--html', '-', ...more);
      assert.equal(status, 0);
      assert.match(String(stdout), /^<!doctype html>[\s\S]*<\/html>\n?$/i);
      assert.match(stderr, more.length === 0 ? /^good: 1 datagram/m : /^\{"type":"summary".*\}$/m);
    }
  });

  it('of segment is the capture, or what was sent, and nothing else', () => {
    for (const more of [[], ['--json']]) {
      assert.deepEqual(cli('segment', ...FLOW, '-w', '-', ...more).stdout, readFileSync(capture));
      const save = cli('segment', ...FLOW, '-w', join(folder, 'b.pcap'), '--save', '-', ...more);
      assert.deepEqual(save.stdout, readFileSync(saved));
      assert.match(save.stderr, more.length === 0 ? /^1 datagram, / : /"type":"summary"/);
    }
  });

  it('of reassemble and replay --dry-run is what they write, and nothing else', () => {
    const whole = join(folder, 'whole.pcap');
    assert.equal(cli('reassemble', '-r', capture, '-w', whole).status, 0);
    const { stdout, stderr } = cli('reassemble', '-r', capture, '-w', '-', '--json');
    assert.deepEqual(stdout, readFileSync(whole));
    assert.match(stderr, /"type":"summary"/);
    const { stdout: frames, stderr: told } = cli('replay', capture, '--dry-run', '--driver', 'raw-socket', '-w', '-');
    assert.deepEqual(frames, readFileSync(capture));
    assert.match(told, /not sent, on standard output/);
  });

  it('has errors for programs go to stderr too', () => {
    const { stdout, stderr, status } = cli('reassemble', '-r', join(folder, 'none'), '-w', '-', '--json');
    assert.equal(String(stdout), '');
    assert.match(stderr, /^\{"type":"error"/m);
    assert.equal(status, 2);
  });
});
