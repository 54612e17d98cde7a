// Breaks src/ on purpose, one place at a time, and runs the unit tests of that room: a mutant that no test notices is a line
// that can be wrong while all is green. `npm run mutate -- ROOM …` (wire, skb, …), `--sample N` of each room, `--seed N` which.
// Survivors that cannot be noticed are listed, with the reason, in test/mutants.json.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Share of mutants that must be killed, by room; other rooms are shown only. */
const WANTED = { wire: 0.9, skb: 0.9, ufo: 0.9, verify: 0.9, faults: 0.9, memory: 0.8, socket: 0.8, tx: 0.8 };
const TEST_LIMIT_MS = 60_000;

const SWAPPED = new Map([
  ['+', '-'],
  ['-', '+'],
  ['*', '/'],
  ['<', '<='],
  ['<=', '<'],
  ['>', '>='],
  ['>=', '>'],
  ['===', '!=='],
  ['!==', '==='],
  ['&&', '||'],
  ['||', '&&'],
  ['&', '|'],
  ['|', '&'],
  ['<<', '>>>'],
  ['>>>', '<<'],
  ['??', '&&'],
]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: 'string', default: '40' }, seed: { type: 'string', default: '1' } },
});
const rooms = positionals.length > 0 ? positionals : Object.keys(WANTED);
const equivalent = new Map(
  JSON.parse(readFileSync(join(ROOT, 'test/mutants.json'), 'utf8')).map(({ mutant, reason }) => [mutant, reason]),
);

let failed = false;
for (const room of rooms) failed = !(await mutateRoom(room)) || failed;
process.exitCode = failed ? 1 : 0;

async function mutateRoom(room) {
  const mutants = chosen(mutantsOf(room), Number(values.sample), Number(values.seed));
  const tests = testsOf(room);
  const queue = mutants.map((mutant, i) => ({ mutant, i }));
  const survivors = [];
  const workers = Array.from({ length: availableParallelism() }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-mutant-'));
    try {
      prepare(folder);
      if (await noticed(folder, tests)) throw new Error(`the tests of ${room} fail without a mutant`);
      for (let next = queue.shift(); next; next = queue.shift()) {
        if (!(await killed(folder, next.mutant, tests))) survivors.push(next.mutant);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  await Promise.all(workers);
  const open = survivors.filter(({ name }) => !equivalent.has(name));
  const share = 1 - open.length / Math.max(1, mutants.length);
  const wanted = WANTED[room] ?? 0;
  console.log(
    `${room}: ${mutants.length - survivors.length} of ${mutants.length} mutants killed, ` +
      `${survivors.length - open.length} cannot be noticed, ${(share * 100).toFixed(0)}% (want ${wanted * 100}%)`,
  );
  for (const { name } of open) console.log(`  survived: ${name}`);
  return share >= wanted;
}

/** A dist of its own beside links to what does not change. */
function prepare(folder) {
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true, verbatimSymlinks: true });
  for (const name of [
    'node_modules',
    'package.json',
    'src',
    'test',
    'scripts',
    'native-notes',
    'README.md',
    'examples',
  ]) {
    symlinkSync(join(ROOT, name), join(folder, name));
  }
}

async function killed(folder, { file, text }, tests) {
  const target = join(folder, 'dist', file.replace(/\.ts$/, '.js'));
  const before = readFileSync(target);
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  writeFileSync(target, ts.transpileModule(text, { compilerOptions: options }).outputText);
  try {
    return await noticed(folder, tests);
  } finally {
    writeFileSync(target, before);
  }
}

/** Whether any test fails; the rest is not waited for. */
function noticed(folder, tests) {
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', '--test-concurrency=1', ...tests], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Promise((resolve) => {
    const end = (found) => {
      clearTimeout(timer);
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // it has ended by itself
      }
      resolve(found);
    };
    const timer = setTimeout(() => end(true), TEST_LIMIT_MS);
    child.stdout.setEncoding('utf8').on('data', (chunk) => /^\s*not ok/m.test(chunk) && end(true));
    child.on('exit', (code) => end(code !== 0));
  });
}

function testsOf(room) {
  const folder = join(ROOT, 'dist/test', room);
  if (!existsSync(folder)) throw new Error(`no tests in test/${room}: build first, or another room`);
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => join('dist/test', room, name));
}

/** Every mutant of a room: where, what, and the whole file with it. */
function mutantsOf(room) {
  const files = readdirSync(join(ROOT, 'src', room), { recursive: true }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.generated.ts'),
  );
  return files.flatMap((name) => mutantsOfFile(`src/${room}/${name}`));
}

function mutantsOfFile(file) {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const mutants = [];
  const add = (from, to, by) => {
    const { line } = source.getLineAndCharacterOfPosition(from);
    const shown = text.slice(from, to).replace(/\s+/g, ' ').slice(0, 60);
    mutants.push({
      file,
      name: `${file}:${line + 1} ${shown} → ${by || 'nothing'}`,
      text: text.slice(0, from) + by + text.slice(to),
    });
  };
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isImportDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      const swapped = SWAPPED.get(node.operatorToken.getText());
      if (swapped) add(node.operatorToken.getStart(), node.operatorToken.getEnd(), swapped);
    } else if (ts.isNumericLiteral(node))
      add(node.getStart(), node.getEnd(), String(Number(node.text.replaceAll('_', '')) + 1));
    else if (node.kind === ts.SyntaxKind.TrueKeyword) add(node.getStart(), node.getEnd(), 'false');
    else if (node.kind === ts.SyntaxKind.FalseKeyword) add(node.getStart(), node.getEnd(), 'true');
    else if (ts.isIfStatement(node)) add(node.expression.getStart(), node.expression.getEnd(), 'false');
    else if (ts.isExpressionStatement(node)) add(node.getStart(), node.getEnd(), ';');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutants;
}

/** `count` of them, the same for the same seed. */
function chosen(mutants, count, seed) {
  let state = seed >>> 0 || 1;
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return mutants
    .map((mutant) => [random(), mutant])
    .sort(([a], [b]) => a - b)
    .slice(0, count)
    .map(([, mutant]) => mutant);
}
