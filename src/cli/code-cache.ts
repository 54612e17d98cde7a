import { isAscii } from 'node:buffer';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/**
 * V8's code of a bundled program beside its text. Reading it takes a tenth of compiling the text, and the functions that ran
 * when it was made need not be compiled later either. V8 holds against the text only the length of it, and against its own
 * octets only their number: the two sums in front are ours.
 *
 *     0  CRC-32 of the text, begun with `SEED`     4  CRC-32 of the code     8  the code
 */
const HEADER_LEN = 8;
/** Another Node may have another V8, or builtins in another order. */
const SEED = crc32(`${process.version} ${process.arch}`);
const WRITABLE_BY_OTHERS = 0o022;

/** A CommonJS file as Node's own loader would run it, but compiled with the code that was kept of it. */
export class CachedProgram {
  readonly #file: string;
  readonly #script: Script;
  readonly #textSum: number;

  constructor(file: string) {
    const octets = readFileSync(file);
    this.#file = file;
    this.#textSum = crc32(octets, SEED);
    const body = octets.toString(isAscii(octets) ? 'latin1' : 'utf8'); // as latin1 an octet is copied, not decoded
    // The function begins on the first line, so that the numbers of lines are the file's.
    const text = `(function (exports, require, module, __filename) { ${body}\n})`;
    const cachedData = readCode(file, this.#textSum);
    this.#script = new Script(text, { filename: file, ...(cachedData && { cachedData }) });
  }

  /** Whether there was code to take, and V8 took it. */
  get isCached(): boolean {
    return this.#script.cachedDataRejected === false;
  }

  run(): void {
    const module = { exports: {} };
    this.#script.runInThisContext()(module.exports, createRequire(this.#file), module, this.#file);
  }

  /** What `readCode` takes: the code of all functions that were needed up to now. */
  code(): Buffer {
    const code = this.#script.createCachedData();
    const header = Buffer.alloc(HEADER_LEN);
    header.writeUInt32BE(this.#textSum, 0);
    header.writeUInt32BE(crc32(code), 4);
    return Buffer.concat([header, code]);
  }
}

/**
 * Keeps what `write` writes, if it says that it has. Whoever starts meanwhile reads the old code or the new one.
 * The file is opened here, as a program that ran may have given up what it takes to do so.
 */
export function keepCode(file: string, write: (fd: number) => boolean): void {
  const temporary = `${codeFile(file)}.${process.pid}`;
  const fd = openSync(temporary, 'wx', 0o644);
  try {
    if (write(fd)) renameSync(temporary, codeFile(file));
  } finally {
    closeSync(fd);
    rmSync(temporary, { force: true });
  }
}

export function hasCode(file: string): boolean {
  return existsSync(codeFile(file));
}

export function codeFile(file: string): string {
  return `${file}.code`;
}

/** undefined where it is of another text or Node, where it is harmed, and where somebody else may have written it. */
function readCode(file: string, textSum: number): Buffer | undefined {
  try {
    const { uid, mode } = statSync(codeFile(file));
    if (uid !== statSync(file).uid || (mode & WRITABLE_BY_OTHERS) !== 0) return undefined;
    const octets = readFileSync(codeFile(file));
    const code = octets.subarray(HEADER_LEN);
    return octets.readUInt32BE(0) === textSum && octets.readUInt32BE(4) === crc32(code) ? code : undefined;
  } catch {
    return undefined; // the text is enough
  }
}
