import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import * as api from '../../src/index.js';
import { describeLive, liveIt } from './in-lab.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SOURCES = join(ROOT, 'src');
/** Errors are met, not made. */
const MET = ['UfoError', 'IcmpError'];

interface Example {
  readonly of: string;
  readonly code: string;
  /** What its `console.log(…); // …` lines say they print. */
  readonly prints: readonly string[];
}

/** The `@example`s in the docstrings of src, as they stand there. */
async function examples(): Promise<Example[]> {
  const found: Example[] = [];
  for (const name of await readdir(SOURCES, { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const text = await readFile(join(SOURCES, name), 'utf8');
    const pattern =
      / \* @example\n \* ```js\n((?: \*.*\n)+?) \* ```\n \*\/\nexport (?:async )?(?:function\*?|class) (\w+)/g;
    for (const [, body = '', of = ''] of text.matchAll(pattern)) {
      const code = body.replace(/^ \* ?/gm, '');
      const prints = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text = '']) => text);
      found.push({ of: of === 'openCapture' ? 'capture' : of, code, prints });
    }
  }
  return found;
}

const all = await examples();

describeLive('the examples of the docstrings', () => {
  let folder = '';
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    folder = await mkdtemp(join(ROOT, 'dist/doc-examples-')); // inside, where `udp-ufo` is this very package
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('are there for every function and class that is exported', () => {
    const wanted = Object.entries(api).filter(([name, value]) => typeof value === 'function' && !MET.includes(name));
    assert.deepEqual(all.map(({ of }) => of).toSorted(), wanted.map(([name]) => name).toSorted());
  });

  for (const { of, code, prints } of all) {
    liveIt(`${of} prints what it says`, async () => {
      assert.ok(prints.length > 0);
      const file = join(folder, `${of}.mjs`);
      await writeFile(file, code);
      const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 30_000 });
      assert.deepEqual(stdout.trimEnd().split('\n'), prints);
    });
  }
});
