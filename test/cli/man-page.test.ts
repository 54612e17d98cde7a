import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.js';
import { manPage } from '../../src/cli/man-page.js';
import { longName } from '../../src/options/option.js';

const page = manPage(COMMANDS, '1.2.3', '2026-11-25');
const inCi = !['', '0', 'false'].includes(process.env['CI'] ?? '');

describe('the manual page', () => {
  it('has every command, argument and option of the help, and nothing but ASCII', () => {
    for (const { name, options } of COMMANDS) {
      assert.ok(page.includes(`.SS "udp\\-ufo ${name}`), name);
      for (const [key, option] of Object.entries(options)) {
        assert.ok(page.includes(`\\-\\-${longName(key, option).replaceAll('-', '\\-')}`), `${name} ${key}`);
      }
    }
    assert.match(page, /^[ -~\n]*$/);
    assert.match(page, /^\.TH UDP-UFO 1 "2026-11-25" "udp-ufo 1\.2\.3"/);
  });

  it('is laid out by groff without a warning', (t) => {
    const env = { ...process.env, GROFF_NO_SGR: '1' };
    const words = ['-man', '-ww', '-Tascii', '-rLL=400n'];
    const { error, status, stdout, stderr } = spawnSync('groff', words, {
      input: page,
      encoding: 'utf8',
      env,
      timeout: 60_000,
    });
    if (error !== undefined && !inCi) return t.skip('no groff here: apt-get install groff-base');
    assert.deepEqual([error, status, stderr], [undefined, 0, '']);
    // Bold is struck twice, as on a typewriter.
    const shown = stdout.split('\b').reduce((text, part) => text.slice(0, -1) + part);
    for (const part of ['udp-ufo send <destination> [OPTION ...]', '--echo-check[=VALUE]', '-i, --interface VALUE']) {
      assert.ok(shown.includes(part), part);
    }
  });
});
