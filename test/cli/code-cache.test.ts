import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CachedProgram, codeFile, hasCode, keepCode } from '../../src/cli/code-cache.js';

const FOLDER = mkdtempSync(join(tmpdir(), 'udp-ufo-code-'));
const FILE = join(FOLDER, 'program.js');
const textOf = (word: string): string => `
const { EOL } = require('node:os');
function answer() { return '${word}' + EOL; }
globalThis.said = [answer(), typeof exports, __filename, module.exports === exports];
`;
const SAID = (word: string): unknown => [`${word}\n`, 'object', FILE, true];

function run(): { cached: boolean; said: unknown } {
  const program = new CachedProgram(FILE);
  program.run();
  return { cached: program.isCached, said: Reflect.get(globalThis, 'said') };
}

describe('code kept beside a program', () => {
  after(() => rmSync(FOLDER, { recursive: true }));
  beforeEach(() => {
    rmSync(codeFile(FILE), { force: true });
    writeFileSync(FILE, textOf('one'));
    const program = new CachedProgram(FILE);
    program.run();
    keepCode(FILE, (fd) => {
      writeFileSync(fd, program.code());
      return true;
    });
  });

  it('is taken, and the program does what it did', () => {
    assert.deepEqual(run(), { cached: true, said: SAID('one') });
    assert.deepEqual(readdirSync(FOLDER).sort(), ['program.js', 'program.js.code'], 'no temporary file stays');
  });

  it('stays as it is where none was written', () => {
    const kept = readFileSync(codeFile(FILE));
    keepCode(FILE, () => false);
    assert.throws(() => keepCode(FILE, () => assert.fail('on the way')), /on the way/);
    assert.deepEqual(readFileSync(codeFile(FILE)), kept);
    assert.deepEqual(readdirSync(FOLDER).sort(), ['program.js', 'program.js.code'], 'no temporary file stays');
  });

  it('is compiled from the text where there is none', () => {
    rmSync(codeFile(FILE));
    assert.equal(hasCode(FILE), false);
    assert.deepEqual(run(), { cached: false, said: SAID('one') });
  });

  it('is not taken for another text, though V8 looks at its length only', () => {
    writeFileSync(FILE, textOf('two'));
    assert.deepEqual(run(), { cached: false, said: SAID('two') });
  });

  it('is not taken where any octet is another, or missing', () => {
    const kept = readFileSync(codeFile(FILE));
    for (let at = 0; at < kept.length; at += at < 64 ? 1 : 61) {
      const harmed = Buffer.from(kept);
      harmed[at]! ^= 0x10;
      writeFileSync(codeFile(FILE), harmed);
      assert.equal(new CachedProgram(FILE).isCached, false, `octet ${at}`);
    }
    for (const len of [0, 3, 8, 9, kept.length - 1]) {
      writeFileSync(codeFile(FILE), kept.subarray(0, len));
      assert.deepEqual(run(), { cached: false, said: SAID('one') }, `${len} octets`);
    }
  });

  it('is not taken where others may write it, or another user did', () => {
    for (const mode of [0o664, 0o646]) {
      chmodSync(codeFile(FILE), mode);
      assert.equal(new CachedProgram(FILE).isCached, false, mode.toString(8));
    }
    chmodSync(codeFile(FILE), 0o644);
    assert.ok(new CachedProgram(FILE).isCached);
    if (process.getuid?.() !== 0) return;
    try {
      chownSync(codeFile(FILE), 1, 1);
    } catch {
      return; // a namespace with one user
    }
    assert.equal(new CachedProgram(FILE).isCached, false, 'of another user');
  });

  it('is what the bundled main starts the program with, if it is there', () => {
    const main = join(FOLDER, 'main.js');
    copyFileSync(fileURLToPath(new URL('../../../dist/bundle/entry/main.js', import.meta.url)), main);
    // Node's own loader names the module; ours has no use for that.
    writeFileSync(FILE, "console.log(module.id === undefined ? 'ours' : 'required', process.argv[2]);");
    const said = () => spawnSync(process.execPath, [main, 'word'], { encoding: 'utf8', timeout: 60_000 }).stdout;
    assert.equal(said(), 'ours word\n');
    rmSync(codeFile(FILE));
    assert.equal(said(), 'required word\n');
    rmSync(main);
  });
});
