import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Which room may import which; the way of a datagram has one direction. */
const LOW = ['wire', 'host', 'memory', 'skb', 'payload', 'ufo', 'faults', 'companion', 'tx', 'options'];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  host: ['wire'],
  memory: ['wire', 'host'],
  skb: ['wire', 'memory'],
  payload: ['wire', 'memory'],
  ufo: ['wire', 'memory', 'skb'],
  faults: ['wire', 'memory', 'skb', 'ufo'],
  companion: ['wire', 'host'],
  tx: ['wire', 'host', 'memory', 'skb', 'options'],
  capture: ['wire', 'host'],
  verify: ['wire', 'memory', 'payload', 'capture'],
  compare: ['wire', 'options', 'verify', 'payload', 'faults'],
  options: ['wire', 'skb', 'ufo', 'payload'],
  socket: LOW,
  report: ['wire', 'verify', 'compare'],
  app: [...LOW, 'socket', 'capture', 'verify', 'compare', 'report'],
  cli: ['app', 'options'],
  entry: [...LOW, 'socket', 'capture', 'verify', 'compare', 'report', 'app', 'cli'],
  'index.ts': [...LOW, 'socket', 'capture', 'verify', 'compare', 'report', 'app', 'entry'],
};
/** The ground that every room stands on. */
const GROUND: readonly string[] = ['errors.ts', 'checks.ts'];

/** Exports that nothing of src uses: `file name` and why they are there. */
const FOR_OTHERS: Readonly<Record<string, string>> = {
  'host/enter-netns.ts enterFar': 'a worker on the far host of the lab, in tests',
  'host/native-calls.ts interposeNativeCalls': 'the seam where tests have system calls fail',
  'skb/expand-head.ts pskbCopy': 'a call of the model, as the kernel has it',
  'skb/fill-page-desc.ts skbAddFragList': 'makes the fragList that the model knows',
  'skb/skbuff.ts skbPull': 'a call of the model, as the kernel has it',
  'wire/ipv4.ts emit': 'a header as values: written where it is read; tests make their packets by it',
  'wire/ipv6.ts emit': 'the same',
  'wire/udp.ts emit': 'the same',
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const src = fileURLToPath(new URL('../../src/', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  // A program started by its address is imported as well: `new URL('…', import.meta.url)`.
  return [...text.matchAll(/(?:from|import|import\(|new URL\()\s*'(\.[^']+\.js)'/g)].map((match) =>
    normalize(join(dirname(file), match[1]!)).replace(/\.js$/, '.ts'),
  );
}
const room = (file: string): string => file.split('/')[0]!;

describe('architecture', () => {
  for (const file of files) {
    it(`${file} imports only what its room may`, () => {
      if (!GROUND.includes(file)) assert.ok(room(file) in MAY_IMPORT, `${file} is in no room of the design`);
      for (const target of importsOf(file)) {
        assert.ok(files.includes(target), `${file} imports ${target}, which does not exist`);
        if (room(target) === room(file) || GROUND.includes(target)) continue;
        assert.ok(MAY_IMPORT[room(file)]?.includes(room(target)), `${file} must not import ${target}`);
      }
    });
  }

  it('has no import cycle', () => {
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      assert.ok(!path.includes(file), `cycle: ${[...path, file].join(' → ')}`);
      if (done.has(file)) return;
      for (const target of importsOf(file)) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
  });
});

/** What stands in a file without its comments. */
const code = new Map(
  files.map((file) => [
    file,
    readFileSync(join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, ''),
  ]),
);
const wordsIn = (folder: string, ends: RegExp): Set<string> =>
  new Set(
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => ends.test(name))
      .flatMap((name) => readFileSync(join(root, folder, name), 'utf8').match(/\w+/g) ?? []),
  );

/** `file name` of all that another file of src imports: by name, as `space.name`, or in a file that it loads while running. */
function importedNames(): Set<string> {
  const imported = new Set<string>();
  for (const [file, text] of code) {
    const note = (from: string, names: Iterable<string>): void => {
      const target = normalize(join(dirname(file), from)).replace(/\.js$/, '.ts');
      const behind = [...(code.get(target)?.matchAll(/export \* from '(\.[^']+)'/g) ?? [])].map((match) =>
        normalize(join(dirname(target), match[1]!)).replace(/\.js$/, '.ts'),
      );
      for (const name of names) for (const one of [target, ...behind]) imported.add(`${one} ${name}`);
    };
    for (const [, what = '', from = ''] of text.matchAll(/(?:import|export)\s+([^'";]*?)\s+from\s+'(\.[^']+)'/g)) {
      const space = /\*\s+as\s+(\w+)/.exec(what)?.[1];
      const names = what.replaceAll(/\btype\b|[{}]|\bas\s+\w+/g, ' ').match(/\w+/g) ?? [];
      const used = [...text.matchAll(new RegExp(`\\b${space}\\.(\\w+)`, 'g'))].map((match) => match[1]!);
      note(from, space === undefined ? names : used);
    }
    for (const [, from = ''] of text.matchAll(/import\(\s*'(\.[^']+)'/g)) note(from, text.match(/\w+/g)!);
  }
  return imported;
}

describe('exports', () => {
  const EXPORT = /^export (?:abstract |async )*(function\*?|const|class|interface|type) (\w+)/gm;
  const imported = importedNames();
  const scripts = wordsIn('scripts', /\.mjs$/);
  const elsewhere = new Set([...scripts, ...wordsIn('test', /\.ts$/), ...wordsIn('examples', /\.ts$/)]);
  const exported = [...code].flatMap(([file, text]) =>
    [...text.matchAll(EXPORT)].map(([, kind, name]) => ({ key: `${file} ${name}`, kind: kind!, name: name!, text })),
  );
  const lonely = exported.filter(({ key }) => !imported.has(key));

  it('is enough of them that the check can be believed', () => {
    assert.ok(exported.length > 1000 && imported.size > 1000, `${exported.length} exported, ${imported.size} imported`);
  });

  it('serve something: the file itself, another one, or a script', () => {
    const dead = lonely.filter(({ name, text }) => {
      const uses = text.replaceAll(/'(?:[^'\\\n]|\\.)*'/g, '').match(new RegExp(`\\b${name}\\b`, 'g'));
      return uses!.length === 1 && !scripts.has(name);
    });
    assert.deepEqual(dead.map(({ key }) => key).sort(), Object.keys(FOR_OTHERS).sort());
  });

  it('are imported by somebody, types aside', () => {
    const needless = lonely.filter(({ kind, name }) => /function|const/.test(kind) && !elsewhere.has(name));
    assert.deepEqual(
      needless.map(({ key }) => key),
      [],
    );
  });
});
