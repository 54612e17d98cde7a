import assert from 'node:assert/strict';
import { isAscii } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CachedProgram, codeFile } from '../../src/cli/code-cache.js';
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
    assert.match(main, /require\("\.\/program\.js"\)/);
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

  it('starts with the code that the build kept, and does without where that is harmed', (t) => {
    const program = join(MAIN, '../program.js');
    assert.ok(new CachedProgram(program).isCached, 'else every start compiles 1.4 MB');
    // esbuild escapes other letters in strings, but not in tagged templates and regular expressions: write \u2026 there.
    assert.ok(isAscii(readFileSync(program)), 'reading another text than ASCII takes longer, and twice the memory');
    const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-bundle-'));
    t.after(() => rmSync(folder, { recursive: true }));
    cpSync(join(MAIN, '../..'), folder, { recursive: true });
    const main = join(folder, 'entry/main.js');
    const code = codeFile(join(folder, 'entry/program.js'));
    const want = run(MAIN, 'plan', 'list');
    assert.equal(want.status, 0);
    const octets = readFileSync(code);
    for (const harmed of [Buffer.from(octets).fill(0xa5, 2000, 9000), Buffer.alloc(octets.length), null]) {
      if (harmed === null) rmSync(code);
      else writeFileSync(code, harmed);
      const { status, stdout, stderr } = run(main, 'plan', 'list');
      assert.deepEqual([status, stdout, stderr], [want.status, want.stdout, want.stderr]);
    }
    chmodSync(folder, 0o755); // else root stays root, to read on
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const kept = run(join(folder, 'entry/keep-code.js'));
    assert.deepEqual([kept.status, kept.stderr], [0, ''], 'every line has run, whatever it gave up on the way');
    assert.ok(new CachedProgram(join(folder, 'entry/program.js')).isCached);
  });
});
