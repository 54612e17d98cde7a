import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { optionName } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { completionsOf } from '../../src/cli/completions.js';
import { MAIN } from '../live/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-completion-'));
symlinkSync(MAIN, join(folder, 'udp-ufo'));
after(() => rmSync(folder, { recursive: true }));

const offered = (...words: string[]) => completionsOf(words, COMMANDS);

describe('completion', () => {
  it('offers every option of every command, and what it takes, by a space, by = and by its letter', async () => {
    const interfaces = Object.keys(networkInterfaces());
    for (const { name: command, options } of COMMANDS) {
      for (const [key, option] of Object.entries(options)) {
        const name = optionName(key, option);
        assert.ok((await offered(command, '--')).includes(name), `${command} ${name}`);
        const { choices, completes, kind, alias } = option;
        const named = typeof completes === 'function' ? await completes() : [];
        const values = choices ?? (completes === 'interface' ? interfaces : named);
        if (kind === 'value') assert.deepEqual(await offered(command, name, ''), values, `${command} ${name} `);
        if (kind === 'value' && alias !== undefined) assert.deepEqual(await offered(command, `-${alias}`, ''), values);
        const behind = kind === 'flag' ? [] : values.map((value) => `${name}=${value}`);
        assert.deepEqual(await offered(command, `${name}=`), behind, `${command} ${name}=`);
      }
    }
  });

  it('offers values that begin as typed, and leaves files to the shell', async () => {
    assert.deepEqual(await offered('send', '--driver', 'v'), ['virtio-ufo']);
    assert.deepEqual(await offered('send', '--driver=v'), ['--driver=virtio-ufo']);
    assert.deepEqual(await offered('send', '--file', ''), []);
  });

  it('offers steps of a plan one behind the other, routers, and arguments that have names', async () => {
    assert.deepEqual(await offered('send', '--plan', 'rev'), ['reverse']);
    assert.deepEqual(await offered('segment', '--plan=reverse,du'), ['--plan=reverse,duplicate']);
    assert.deepEqual(await offered('lab', '--router', 'drop-l'), ['drop-later', 'drop-large']);
    assert.deepEqual(await offered('plan', ''), ['list', 'show']);
    assert.deepEqual(await offered('plan', '--mtu', '1400', 'show', 'shu'), ['shuffle']);
    assert.deepEqual(await offered('send', '192.0.2.2:9', 'x'), []);
  });

  it('begins anew behind lab --, by name and by path', async () => {
    assert.ok((await offered('lab', '--', 'udp-ufo', 'se')).includes('send'));
    assert.deepEqual(await offered('lab', '--', '/opt/bin/udp-ufo', 'send', '--driver', 'k'), ['kernel-udp']);
    assert.deepEqual(await offered('lab', '--', 'ls', '--'), []);
  });

  const inBash = `source <(udp-ufo completion); COMP_LINE="$1"; COMP_POINT=\${#1}; _udp_ufo; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const shells: [string, string[]][] = [['bash', ['-c', inBash, 'bash']]];
  // In zsh the script must be read without complaint, and offer what it is asked for: compadd is replaced to see it.
  const inZsh = `autoload -Uz compinit; compinit -u -D; source <(udp-ufo completion); compadd() { print -l -- "\${@:3}" }
    words=(\${=1}); [[ "$1" == *" " ]] && words+=(''); CURRENT=\${#words}; _udp_ufo`;
  if (spawnSync('zsh', ['--version']).status === 0) shells.push(['zsh', ['-f', '-c', inZsh, 'zsh']]);

  for (const [shell, args] of shells) {
    for (const [line, want] of [
      ['udp-ufo send --driver k', 'kernel-udp'],
      [`${folder}/udp-ufo send --driver a`, 'af-xdp'],
      ['udp-ufo lab -- udp-ufo rec', 'receive'],
      ['udp-ufo lab --router drop-la', 'drop-later'],
      ['udp-ufo send --pl', '--plan'],
      // Readline replaces what stands behind the =, zsh the whole word.
      ['udp-ufo send --driver=k', shell === 'bash' ? 'kernel-udp' : '--driver=kernel-udp'],
    ] as const) {
      it(`${shell}: ${line.replace(folder, '…')} → ${want}`, () => {
        const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
        const ran = spawnSync(shell, [...args, line], { encoding: 'utf8', timeout: 60_000, env });
        assert.equal(ran.stderr, '');
        assert.ok(ran.stdout.split('\n').includes(want), ran.stdout);
      });
    }
  }
});
