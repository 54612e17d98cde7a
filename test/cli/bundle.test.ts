import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const MAIN = join(ROOT, PACKAGE.bin['udp-ufo']);
const FLOW = '--source 192.0.2.1:1 --destination 192.0.2.2:2 --size 3000 --ident 7 --pcap -'.split(' ');

const run = (main: string, ...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { encoding: 'latin1', timeout: 60_000 });

describe('the command line as the package ships it', () => {
  it('is bundled, with every program beside it', () => {
    const shipped = readdirSync(join(MAIN, '..'));
    for (const name of readdirSync(join(ROOT, 'dist/src/entry')).filter((file) => file.endsWith('.js'))) {
      assert.ok(shipped.includes(name), name);
    }
  });

  it('says and does what the modules do that it was made from', () => {
    const modules = join(ROOT, 'dist/src/entry/main.js');
    for (const args of [['--version'], ['send', '--help'], ['segment', ...FLOW], ['send', 'nowhere']]) {
      const [bundled, plain] = [run(MAIN, ...args), run(modules, ...args)];
      const head = args[0] === 'segment' ? 24 : 0; // frames have the time of their making: compare lengths
      assert.equal(bundled.stdout.length, plain.stdout.length, args.join(' '));
      assert.equal(bundled.stdout.slice(0, head || undefined), plain.stdout.slice(0, head || undefined));
      assert.deepEqual([bundled.status, bundled.stderr], [plain.status, plain.stderr]);
    }
    assert.equal(run(MAIN, '--version').stdout, `${PACKAGE.version}\n`);
  });

  it('does not load yargs unless help is asked for', () => {
    const trace = join(ROOT, 'dist/bundle/entry');
    const yargs = readdirSync(trace).filter((file) => readFileSync(join(trace, file), 'utf8').includes('YError'));
    assert.ok(yargs.length > 0 && existsSync(MAIN));
    const main = readFileSync(MAIN, 'utf8');
    for (const file of yargs) assert.ok(!main.includes(`from "./${file}"`), `${file} is loaded at once`);
  });
});
