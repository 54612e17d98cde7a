import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../../src/cli/commands.js';
import { completionsOf } from '../../src/cli/completions.js';

const MAIN = fileURLToPath(new URL('../../src/entry/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-completion-'));
symlinkSync(MAIN, join(folder, 'udp-ufo'));
after(() => rmSync(folder, { recursive: true }));

const offered = (...words: string[]) => completionsOf(words, COMMANDS);

describe('completion', () => {
  it('offers values behind a space and behind =, interfaces too', () => {
    assert.deepEqual(offered('send', '--driver', 'v'), ['virtio-ufo']);
    assert.deepEqual(offered('send', '--driver=v'), ['--driver=virtio-ufo']);
    assert.ok(offered('doctor', '-i', '').includes('lo'));
    assert.ok(offered('send', '--verify=l').includes('--verify=lo'));
    assert.deepEqual(offered('send', '--file', ''), [], 'the shell offers files');
  });

  it('begins anew behind lab --, by name and by path', () => {
    assert.ok(offered('lab', '--', 'udp-ufo', 'se').includes('send'));
    assert.deepEqual(offered('lab', '--', '/opt/bin/udp-ufo', 'send', '--driver', 'k'), ['kernel-udp']);
    assert.deepEqual(offered('lab', '--', 'ls', '--'), []);
  });

  const inBash = `source <(udp-ufo completion); COMP_LINE="$1"; COMP_POINT=\${#1}; _udp_ufo; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const shells: [string, string[]][] = [['bash', ['-c', inBash, 'bash']]];
  // In zsh the script must be read without complaint, and offer what it is asked for: compadd is replaced to see it.
  const inZsh = `autoload -Uz compinit; compinit -u -D; source <(udp-ufo completion); compadd() { print -l -- "\${@:5}" }
    words=(\${=1}); [[ "$1" == *" " ]] && words+=(''); CURRENT=\${#words}; _udp_ufo`;
  if (spawnSync('zsh', ['--version']).status === 0) shells.push(['zsh', ['-f', '-c', inZsh, 'zsh']]);

  for (const [shell, args] of shells) {
    for (const [line, want] of [
      ['udp-ufo send --driver k', 'kernel-udp'],
      [`${folder}/udp-ufo send --driver a`, 'af-xdp'],
      ['udp-ufo lab -- udp-ufo rec', 'receive'],
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
