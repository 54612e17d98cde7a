import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import type { UfoError } from '../../errors.js';
import { canRefuseCalls } from '../../host/call-filter.js';
import { koffi } from '../../host/libc.js';
import { bindNativeCalls } from '../../host/native-calls.js';
import { notLoaded } from '../../host/native-package.js';
import { runTool } from '../../host/run-tool.js';
import type { Check } from './report.js';

/** npm packages with native code. */
const NATIVE = ['raw-socket', 'cap', 'koffi'];

/** Programs to compare with or to look with, and what each is good for here. */
const PEERS: readonly (readonly [command: string, pkg: string, use: string])[] = [
  ['trafgen', 'netsniff-ng', 'bench'],
  ['tcpdump', 'tcpdump', 'a second opinion on a capture'],
  ['tshark', 'tshark', 'a second opinion on reassembly and checksums'],
  ['cc', 'gcc', 'bench against a C program'],
];

export async function packageChecks(): Promise<Check[]> {
  const natives = await Promise.all(NATIVE.map(nativeCheck));
  const haveKoffi = natives.some(({ name, state }) => name === 'koffi' && state === 'ok');
  return [...natives, ...libpcapChecks(haveKoffi), libseccompCheck(haveKoffi)];
}

async function nativeCheck(name: string): Promise<Check> {
  try {
    createRequire(import.meta.url)(name); // as the drivers do: import has other words for what is missing
    return { name, state: 'ok', value: 'loads' };
  } catch (error) {
    const { why, hint } = notLoaded(name, error);
    return { name, state: 'missing', value: why, hint };
  }
}

function libpcapChecks(haveKoffi: boolean): Check[] {
  if (!haveKoffi) return [{ name: 'libpcap', state: 'missing', value: 'not looked for: koffi does not load' }];
  const library = ['libpcap.so.1', 'libpcap.so.0.8', 'libpcap.so'].find(opens);
  if (library === undefined) {
    return [{ name: 'libpcap', state: 'missing', value: 'not found', hint: 'apt-get install libpcap0.8' }];
  }
  const calls = bindNativeCalls(koffi().load(library), { pcap_lib_version: 'const char* pcap_lib_version()' });
  const version = calls.pcap_lib_version() as string;
  const found: Check = { name: 'libpcap', state: 'ok', value: `${version} (${library})` };
  if (opens('libpcap.so')) return [found];
  const hint = 'apt-get install libpcap-dev: cap looks for libpcap.so to deliver frames at once, not up to 1 s later';
  return [found, { name: 'libpcap.so', state: 'warning', value: 'not found', hint }];
}

/** What keeps the process that captures from starting programs, opening sockets and writing other files. */
function libseccompCheck(haveKoffi: boolean): Check {
  const name = 'libseccomp';
  if (!haveKoffi) return { name, state: 'missing', value: 'not looked for: koffi does not load' };
  if (canRefuseCalls()) return { name, state: 'ok', value: 'loads: what captures starts no program, opens no socket' };
  const value = 'not found: what captures may do what its user may';
  return { name, state: 'warning', value, hint: 'apt-get install libseccomp2' };
}

function opens(library: string): boolean {
  try {
    koffi().load(library);
    return true;
  } catch {
    return false;
  }
}

/** The program that every sender asks for interfaces, routes and neighbours; one that fails is as good as none. */
export async function ipCheck(): Promise<Check> {
  try {
    const version = await runTool('ip', ['-Version']);
    await runTool('ip', ['-json', 'link', 'show']);
    return { name: 'ip', state: 'ok', value: version.trim() };
  } catch (error) {
    const { message, hint } = error as UfoError;
    return { name: 'ip', state: 'missing', value: message, hint: hint ?? 'see that ip -json link show works' };
  }
}

export async function peerChecks(): Promise<Check[]> {
  const programs = PEERS.map(async ([name, pkg, use]): Promise<Check> => {
    const path = await onPath(name);
    return path === undefined
      ? { name, state: 'missing', value: 'not found', hint: `apt-get install ${pkg} (for ${use})` }
      : { name, state: 'ok', value: path };
  });
  return Promise.all([...programs, scapyCheck()]);
}

/** scapy is a Python module: the system's Python has Debian's, the one on PATH may have another. */
async function scapyCheck(): Promise<Check> {
  for (const python of ['/usr/bin/python3', 'python3']) {
    if (await succeeds(python, ['-c', 'import importlib.util as u, sys; sys.exit(u.find_spec("scapy") is None)'])) {
      return { name: 'scapy', state: 'ok', value: `module of ${python}` };
    }
  }
  return { name: 'scapy', state: 'missing', value: 'not found', hint: 'apt-get install python3-scapy (for bench)' };
}

function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(command, [...args], { timeout: 5000, killSignal: 'SIGKILL' }, (error) => resolve(error === null));
  });
}

async function onPath(name: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  for (const path of folders.map((folder) => join(folder, name))) {
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}
