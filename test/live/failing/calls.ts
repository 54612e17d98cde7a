import fs from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERRNO } from '../../../src/errors.js';
import { koffi } from '../../../src/host/libc.js';
import { interposeNativeCalls, type NativeCall } from '../../../src/host/native-calls.js';

export const ROOT: string = fileURLToPath(new URL('../../../src', import.meta.url));

/** A call in our source that leads to the kernel: `tx/af-packet.js:37 bind`, line of the compiled file. */
export type Site = string;

/** What is to fail. */
export interface Fault {
  /** `* poll` for every place that calls it. */
  readonly site: Site;
  readonly errno: keyof typeof ERRNO;
  /** Calls from that site that go through before it fails; 0 by default. */
  readonly after?: number;
  /** How often it fails; for ever by default. */
  readonly times?: number;
  /** sendmmsg(2) takes one message of the first call before it fails: in the middle of a datagram. */
  readonly midway?: boolean;
}

/** The fault in force, who is told when it strikes first, and the sites that were met since `noteSites` was called. */
let fault: Fault | null = null;
let onStrike = (): void => {};
let failed = 0;
let passed = 0;
let met: Set<Site> | null = null;
let installed = false;

/** Files whose functions stand for a call of whoever calls them. */
const HELPERS = /^(host\/(socket-calls|read-or-null|libc)|tx\/send-batch)\.js/;

/** Lets `one` fail from now on, until `heal`. */
export function fail(one: Fault, told = (): void => {}): void {
  [fault, failed, passed, onStrike] = [one, 0, 0, told];
}

/** Everything works again; how often the fault had struck. */
export function heal(): number {
  fault = null;
  return failed;
}

/** Notes the sites that are met from now on, until told otherwise. */
export function noteSites(sites: Set<Site> | null): void {
  met = sites;
}

/** Stands in front of every native function, of Node's file functions and of npm raw-socket's; before anything is loaded. */
export function install(): void {
  if (installed) return;
  installed = true;
  interposeNativeCalls(native);
  for (const owner of [fs, fs.promises] as unknown as Record<string, unknown>[]) wrapFileCalls(owner);
  syncBuiltinESMExports();
  wrapRawSocket();
}

/** The sites of the stack, the innermost first: our source's lines. */
function sitesOf(call: string): Site[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 12;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = limit;
  return [...stack.matchAll(/(?:file:\/\/)?(\/\S+?):(\d+):\d+/g)]
    .map(([, file, line]) => ({ file: relative(ROOT, file!), line }))
    .filter(({ file }) => !file.startsWith('..') && !file.startsWith('host/native-calls'))
    .map(({ file, line }) => `${file}:${line} ${call}`);
}

/** Whether this call is to fail now. */
function strikes(call: string): Fault | null {
  if (fault === null && met === null) return null;
  const sites = sitesOf(call);
  const site = sites.find((one) => !HELPERS.test(one)) ?? sites[0];
  if (site === undefined) return null; // not ours
  met?.add(site);
  if (fault === null || (site !== fault.site && fault.site !== `* ${call}`)) return null;
  if (passed++ < (fault.after ?? 0) || failed >= (fault.times ?? Number.POSITIVE_INFINITY)) return null;
  failed += 1;
  if (failed === 1) onStrike();
  return fault;
}

const ALL_ONES = 0xffff_ffff_ffff_ffffn;
/** What says "failed" where it is not −1. */
const FAILURES: Readonly<Record<string, unknown>> = {
  mmap: ALL_ONES,
  if_nametoindex: 0,
  fopen: null,
  pcap_create: null,
  pcap_dump_fopen: null,
  seccomp_init: null,
};
/** They cannot fail, or say what has. */
const SOUND = new Set([
  'strerror',
  'pcap_geterr',
  'pcap_statustostr',
  'pcap_lib_version',
  'pcap_close',
  'pcap_freecode',
]);

function native(name: string, call: NativeCall): NativeCall {
  if (SOUND.has(name)) return call;
  const instead = (...words: unknown[]): unknown => {
    const one = strikes(name);
    if (one === null) return call(...words);
    if (one.midway === true && failed === 1) return call(words[0], words[1], 1, words[3]);
    if (name === 'close' || name === 'munmap') call(...words); // the kernel lets go all the same
    koffi().errno(ERRNO[one.errno]);
    return name in FAILURES ? FAILURES[name] : -1;
  };
  return Object.assign(instead, {
    async: (...words: unknown[]) => {
      const one = strikes(name);
      if (one === null) return call.async(...words);
      const done = words.at(-1) as (error: null, result: number) => void;
      setImmediate(() => done(null, name === 'clock_nanosleep' ? ERRNO[one.errno] : -1));
    },
  });
}

function systemError(errno: keyof typeof ERRNO, syscall: string, path: unknown): Error {
  const where = typeof path === 'string' ? ` '${path}'` : '';
  const error = new Error(`${errno}: injected, ${syscall}${where}`);
  const fields = { errno: -ERRNO[errno], code: errno, syscall, ...(where === '' ? {} : { path }) };
  return Object.assign(error, fields);
}

const FILE_CALLS =
  /^(open|read|write|close|stat|lstat|fstat|readdir|readlink|realpath|access|mkdir|mkdtemp|rename|unlink|ftruncate|chmod|fchmod|rm|readFile|writeFile)(Sync)?$/;

function wrapFileCalls(owner: Record<string, unknown>): void {
  const promised = owner === (fs.promises as unknown);
  for (const [name, call] of Object.entries(owner)) {
    const word = FILE_CALLS.exec(name);
    if (word === null || typeof call !== 'function' || (!promised && word[2] === undefined)) continue;
    const instead = function (this: unknown, ...words: unknown[]): unknown {
      const one = strikes(name);
      if (one === null)
        return promised && name === 'open' ? wrapHandle(call.apply(this, words)) : call.apply(this, words);
      const error = systemError(one.errno, syscallOf(word[1]!), words[0]);
      if (!promised) throw error;
      return Promise.reject(error);
    };
    owner[name] = Object.assign(instead, call);
  }
}

function syscallOf(name: string): string {
  return name === 'readFile' || name === 'writeFile' ? 'open' : name === 'readdir' ? 'scandir' : name;
}

let handlesWrapped = false;

/** Methods of file handles, by their prototype, which the first handle shows. */
async function wrapHandle(opening: Promise<object>): Promise<object> {
  const handle = await opening;
  if (handlesWrapped) return handle;
  handlesWrapped = true;
  const prototype = Object.getPrototypeOf(handle) as Record<string, unknown>;
  for (const name of ['read', 'write', 'close', 'chmod', 'stat']) {
    const call = prototype[name] as (...words: unknown[]) => Promise<unknown>;
    prototype[name] = async function (this: unknown, ...words: unknown[]): Promise<unknown> {
      const one = strikes(`handle.${name}`);
      if (one === null) return call.apply(this, words);
      if (name === 'close') await call.apply(this, words);
      throw systemError(one.errno, name, undefined);
    };
  }
  return handle;
}

/** The package throws strerror(errno), without code or number. */
function wrapRawSocket(): void {
  const raw = createRequire(import.meta.url)('raw-socket') as { createSocket(options: object): { wrap: object } };
  const createSocket = raw.createSocket.bind(raw);
  raw.createSocket = (options) => {
    throwIfStruck('raw.createSocket');
    const socket = createSocket(options);
    const wrap = socket.wrap as Record<string, (...words: unknown[]) => unknown>;
    for (const name of ['send', 'setOption', 'getOption']) {
      const call = wrap[name]!.bind(wrap);
      wrap[name] = (...words) => {
        throwIfStruck(`wrap.${name}`);
        return call(...words);
      };
    }
    return socket;
  };
}

function throwIfStruck(name: string): void {
  const one = strikes(name);
  if (one !== null) throw new Error(textOf(ERRNO[one.errno]));
}

let strerror: ((errno: number) => string) | undefined;

function textOf(errno: number): string {
  strerror ??= koffi().load('libc.so.6').func('const char* strerror(int)') as unknown as (errno: number) => string;
  return strerror(errno);
}
