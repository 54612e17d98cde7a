// Breaks src/ on purpose, one place at a time, and runs the unit tests that cover it: a mutant that no test notices is a line
// that can be wrong while all is green. `npm run mutate -- ROOM|FILE …` (wire, skb, src/ufo/ufo4.ts, …), `--sample N` of each
// room, `--seed N` which; `--live`: in a lab, where the drivers' live tests count as well. Survivors that cannot be noticed are
// listed, with the reason, in test/mutants.json.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kernelModule } from './kernel.mjs';
import { mutantsOfScript, mutantsOfWat, sample } from './mutants.mjs';
import { copyBench, isAsked, makeBench, measureTests, noticedBy, reaches, removeAll } from './mutation-bench.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const IN_LAB = 'UDP_UFO_MUTATE_IN_LAB';
/** Share of mutants that must be killed, by room; other rooms are shown only. */
const WANTED = { wire: 0.9, skb: 0.9, ufo: 0.9, verify: 0.9, faults: 0.9, memory: 0.8, socket: 0.8, tx: 0.8 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    live: { type: 'boolean', default: false },
  },
});
if (values.live && process.env[IN_LAB] === undefined) process.exit(runInLab());
const rooms = positionals.length > 0 ? positionals : Object.keys(WANTED);
const equivalent = new Set(
  JSON.parse(readFileSync(join(ROOT, 'test/mutants.json'), 'utf8')).map(({ mutant }) => mutant),
);
/** Live tests share the lab's one wire. */
const workers = values.live ? 1 : availableParallelism();
/** Mutants of each file that each test noticed. */
const noticed = new Map();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    removeAll();
    process.kill(process.pid, signal);
  });
}
const bench = await makeBench();
const benches = [bench, ...Array.from({ length: workers - 1 }, () => copyBench(bench))];
try {
  const tests = await measureTests(bench, workers, values.live);
  let enough = true;
  for (const room of rooms) enough = (await mutateRoom(room, tests)) && enough;
  process.exitCode = enough ? 0 : 1;
} finally {
  removeAll();
}

function runInLab() {
  const root = process.getuid() === 0 ? ['--real-root'] : []; // loads BPF programs
  const words = [`${ROOT}dist/src/entry/main.js`, 'lab', ...root, '--', process.execPath, ...process.argv.slice(1)];
  const { status } = spawnSync(process.execPath, words, { stdio: 'inherit', env: { ...process.env, [IN_LAB]: '1' } });
  return status ?? 1;
}

/** Progress goes to stderr: a room takes minutes. */
async function mutateRoom(room, tests) {
  const all = mutantsOf(room);
  const mutants = room.includes('/') ? all : sample(all, Number(values.sample), Number(values.seed));
  const queue = [...mutants];
  const survivors = [];
  const work = async (folder) => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      if ((await killer(folder, mutant, tests)) !== null) continue;
      survivors.push(mutant.name);
      if (!equivalent.has(mutant.name))
        console.error(`${mutants.length - queue.length} of ${mutants.length}: ${mutant.name}`);
    }
  };
  await Promise.all(benches.map(work));
  const open = survivors.filter((name) => !equivalent.has(name));
  const share = 1 - open.length / Math.max(1, mutants.length);
  const wanted = WANTED[room] ?? 0;
  console.log(
    `${room}: ${mutants.length - survivors.length} of ${mutants.length} mutants killed (of ${all.length} there are), ` +
      `${survivors.length - open.length} cannot be noticed, ${(share * 100).toFixed(1)}% (want ${wanted * 100}%)`,
  );
  for (const name of open.sort()) console.log(`  survived: ${name}`);
  return share >= wanted;
}

/** Those first that noticed others of the same file, then those that import it, those of its room, the quick before the slow. */
async function killer(folder, { file, at, text }, tests) {
  const target = file.endsWith('.wat') ? file.replace('.wat', '-bytes.generated.js') : file.replace(/\.ts$/, '.js');
  const room = `dist/test/${file.split('/')[1]}/`;
  const own = (test) => (imports(test.file, target) ? 0 : test.file.startsWith(room) ? 1 : 2);
  const reached = tests
    .filter((test) => isAsked(test, file.split('/')[1]) && reaches(test, target, at))
    .sort((a, b) => noticedIn(b, file) - noticedIn(a, file) || own(a) - own(b) || a.ms - b.ms)
    .slice(0, file.endsWith('.wat') ? 12 : undefined);
  const script = file.endsWith('.wat') ? assembled(file, text) : text;
  if (script === null) return 'the assembler';
  const test = await noticedBy(folder, join('dist', target), script, reached);
  if (test !== null) noticed.set(`${test.file} ${file}`, noticedIn(test, file) + 1);
  return test;
}

function imports(test, target) {
  const text = readFileSync(join(bench, test), 'utf8');
  return text.includes(`${target.slice(target.indexOf('/'))}"`);
}

function noticedIn(test, file) {
  return noticed.get(`${test.file} ${file}`) ?? 0;
}

function assembled(file, text) {
  try {
    return kernelModule(file, text, '');
  } catch {
    return null;
  }
}

/** Every mutant of a room or file. */
function mutantsOf(room) {
  const files = room.includes('/') ? [room] : filesOf(room);
  return files.flatMap((file) => {
    if (file.endsWith('.wat')) return mutantsOfWat(file, readFileSync(join(ROOT, file), 'utf8')).map(named(file));
    const text = readFileSync(join(bench, 'dist', file.replace(/\.ts$/, '.js')), 'utf8');
    return mutantsOfScript(file, text).map(named(file));
  });
}

function filesOf(room) {
  if (!existsSync(join(ROOT, 'src', room))) throw new Error(`there is no src/${room}`);
  return readdirSync(join(ROOT, 'src', room), { recursive: true })
    .filter((name) => (name.endsWith('.ts') && !name.endsWith('.generated.ts')) || name.endsWith('.wat'))
    .sort()
    .map((name) => `src/${room}/${name}`);
}

function named(file) {
  return (mutant) => ({ ...mutant, file });
}
