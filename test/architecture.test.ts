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
