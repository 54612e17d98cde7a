import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.js';
import { MAIN } from '../live/cli.js';

const TRAP = new URL('../../src/cli/bug-trap.js', import.meta.url).href;

function program(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 20_000 });
}

/** Runs a command with the handler `body`, as a program of its own; `shell` may put it into a pipe ("$0" -e "$1"). */
function script(
  body: string,
  shell = 'exec "$0" --input-type=module -e "$1"',
  endsInOrder = false,
): SpawnSyncReturns<string> {
  const here = (name: string): string => new URL(`../../src/${name}.js`, import.meta.url).href;
  const source = `
    import { createOutput } from '${here('app/common/output')}';
    import { defineCommand } from '${here('cli/command')}';
    import { run } from '${here('cli/run')}';
    const handler = async (_values, { output, signal }) => { ${body} };
    const work = defineCommand({ name: 'work', describe: '', examples: [['work', '']], endsInOrder: ${endsInOrder}, handler });
    process.exitCode = await run(['work'], [work], createOutput());`;
  return spawnSync('bash', ['-c', shell, process.execPath, source], { encoding: 'utf8', timeout: 20_000 });
}

describe('udp-ufo as a program', () => {
  it('shows help and version on stdout with 0', () => {
    const help = program('--help');
    assert.equal(help.status, 0, help.stderr);
    assert.equal(help.stderr, '');
    for (const { name } of COMMANDS) assert.match(help.stdout, new RegExp(`udp-ufo ${name}\\b`));
    assert.match(program('--version').stdout, /^\d+\.\d+\.\d+\S*\n$/);
  });

  it('refuses nonsense with 2 and one line', () => {
    for (const args of [['--nonsense'], ['nonsense'], ['completion', '--nonsense'], ['completion', 'nonsense']]) {
      const { status, stdout, stderr } = program(...args);
      assert.equal(status, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, /^udp-ufo.*nonsense/);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });

  it('prints a completion script that bash accepts', () => {
    const { stdout } = program('completion');
    const check = spawnSync('bash', ['-n'], { input: stdout, encoding: 'utf8' });
    assert.equal(check.status, 0, check.stderr);
    assert.match(stdout, /complete .* udp-ufo$/m);
  });

  it('ends quietly when nobody reads its output', async () => {
    const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });

  it('stops the work of a command whose reader goes, without a word', () => {
    const { status, stderr } = script(
      `for (let n = 0; ; n++) { await output.line('line ' + n); if (n % 1000 === 0) await new Promise(setImmediate); }`,
      'set -o pipefail; "$0" --input-type=module -e "$1" | head -n 1',
    );
    assert.equal(stderr, '');
    assert.equal(status, 4); // the work was not done: never 0
  });

  it('loses nothing of a long output in a slow pipe', () => {
    const { status, stdout } = script(
      `for (let n = 0; n < 50000; n++) await output.line('line ' + n); return 1;`,
      `"$0" --input-type=module -e "$1" | (sleep 0.2; wc -l); exit "\${PIPESTATUS[0]}"`,
    );
    assert.equal(stdout.trim(), '50000');
    assert.equal(status, 1);
  });

  it('lets a command end in order on SIGTERM, and dies of the signal where it only gives up', () => {
    const works = `const alive = setInterval(() => {}, 1000); process.kill(process.pid, 'SIGTERM');
      await new Promise((done) => signal.addEventListener('abort', done));
      clearInterval(alive); await output.line('summary'); return 0;`;
    const orderly = script(works, undefined, true);
    assert.deepEqual([orderly.status, orderly.stdout, orderly.stderr], [0, 'summary\n', '']);
    const stopped = script(works);
    assert.deepEqual([stopped.signal, stopped.stdout, stopped.stderr], ['SIGTERM', 'summary\n', '']);
    const abrupt = script(
      `const alive = setInterval(() => {}, 1000); process.kill(process.pid, 'SIGTERM');
       await new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason)))
         .finally(() => clearInterval(alive));`,
    );
    assert.deepEqual([abrupt.signal, abrupt.stderr], ['SIGTERM', '']);
  });

  it('ends with 70, and never 1, on what nobody caught', () => {
    for (const fault of [
      'await new Promise(() => {})',
      'setTimeout(() => { throw new Error("boom") })',
      'Promise.reject(new Error("boom"))',
    ]) {
      const script = `import { trapBugs } from '${TRAP}'; trapBugs('udp-ufo'); ${fault};`;
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      assert.equal(status, 70, stderr);
      assert.match(
        stderr,
        fault.includes('boom') ? /please report.*\n[\s\S]*Error: boom\n\s+at / : /please report.*before its work did/,
      );
    }
  });
});

describe('every command', () => {
  for (const command of COMMANDS) {
    it(`${command.name} has examples that start with its name`, () => {
      assert.ok(command.examples.length > 0);
      for (const [line] of command.examples) assert.ok(line.includes(command.name), line);
    });

    it(`${command.name} has no two options of one name`, () => {
      const names = Object.entries(command.options).flatMap(([key, { alias }]) => [key, ...(alias ? [alias] : [])]);
      assert.equal(new Set([...names, 'h', 'help', 'version']).size, names.length + 3);
    });
  }
});
