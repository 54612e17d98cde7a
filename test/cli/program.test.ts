import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../../src/cli/commands.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const TRAP = new URL('../../src/cli/bug-trap.js', import.meta.url).href;

function program(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: 20_000 });
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

  it('ends with 70, and never 1, on what nobody caught', () => {
    for (const fault of ['setTimeout(() => { throw new Error("boom") })', 'Promise.reject(new Error("boom"))']) {
      const script = `import { trapBugs } from '${TRAP}'; trapBugs('udp-ufo'); ${fault};`;
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      assert.equal(status, 70, stderr);
      assert.match(stderr, /please report/);
      assert.match(stderr, /Error: boom\n\s+at /);
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
