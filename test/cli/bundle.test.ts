import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../../src/cli/commands.js';
import { READY_WIDTHS, type ReadyTexts, readyFile, readyText } from '../../src/cli/ready-text.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const MAIN = join(ROOT, PACKAGE.bin['udp-ufo']);
const FLOW = '--source 192.0.2.1:1 --destination 192.0.2.2:2 --size 3000 --ident 7 --pcap -'.split(' ');

const run = (main: string, ...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { encoding: 'latin1', timeout: 60_000 });

describe('the command line as the package ships it', () => {
  it('is bundled, with every program beside it', () => {
    const shipped = readdirSync(join(MAIN, '..'));
    const programs = readdirSync(join(ROOT, 'dist/src/entry')).filter((file) => /^(?!programs\.).*\.js$/.test(file));
    assert.ok(programs.length >= 5, programs.join());
    for (const name of programs) assert.ok(shipped.includes(name), name);
  });

  it('says and does what the modules do that it was made from', () => {
    const modules = join(ROOT, 'dist/src/entry/main.js');
    for (const args of [
      ['--version'],
      ['--help'],
      ['-h'],
      ['send', '--help'],
      ['--help', 'send'],
      ['bogus', '--help'],
      ['segment', ...FLOW],
      ['send', 'nowhere'],
    ]) {
      const [bundled, plain] = [run(MAIN, ...args), run(modules, ...args)];
      const head = args[0] === 'segment' ? 24 : 0; // frames have the time of their making: compare lengths
      assert.equal(bundled.stdout.length, plain.stdout.length, args.join(' '));
      assert.equal(bundled.stdout.slice(0, head || undefined), plain.stdout.slice(0, head || undefined));
      assert.deepEqual([bundled.status, bundled.stderr], [plain.status, plain.stderr]);
    }
    assert.equal(run(MAIN, '--version').stdout, `${PACKAGE.version}\n`);
  });

  it('reads help and version, and loads the program for everything else only', () => {
    const main = readFileSync(MAIN, 'utf8');
    assert.ok(main.length < 10_000 && !main.includes('YError'), 'what every start parses');
    assert.match(main, /import\("\.\/program\.js"\)/);
    for (const width of READY_WIDTHS) {
      const texts = JSON.parse(readFileSync(join(MAIN, '../..', readyFile(width)), 'utf8')) as ReadyTexts;
      assert.deepEqual(Object.keys(texts), ['', ...COMMANDS.map(({ name }) => name)]);
      for (const text of Object.values(texts)) {
        for (const line of text.split('\n')) assert.ok(line.length <= width || !line.includes('  '), line);
      }
    }
    const width = READY_WIDTHS[0]!;
    assert.notEqual(readyText(['--version'], width), null);
    for (const args of [[], ['send'], ['--version', 'send'], ['--help', 'send'], ['lab', '--', '--help']]) {
      assert.equal(readyText(args, width), null, 'work, or a text that has to be made');
    }
  });
});
