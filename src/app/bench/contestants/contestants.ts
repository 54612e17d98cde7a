import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAB } from '../../../host/lab.js';
import { readPrivileges } from '../../../host/privileges.js';
import { programPath } from '../../../host/programs.js';
import { runTool } from '../../../host/run-tool.js';
import { PAGE_SIZE } from '../../../memory/user-memory.js';
import { isMain, packetsOf, payloadCount, type Scenario } from '../scenario.js';
import type { Contestant } from './contestant.js';
import { KERNEL_UDP_C } from './kernel-udp-source.js';
import { LineProcess } from './line-process.js';
import { BENCH_PORT } from './ready-frames.js';
import { SCAPY_PY } from './scapy-source.js';
import type { SenderKind } from './senders.js';
import { Trafgen } from './trafgen.js';

/** Names that others refer to. */
export const C_UDP = 'c-kernel-udp';
export const TRAFGEN = 'trafgen';
export const SCAPY = 'scapy';
export const PACKAGE_QUEUE = 'raw-socket-queue';

/** Who takes part, and what could not be found. */
export interface Field extends AsyncDisposable {
  readonly contestants: readonly Contestant[];
  /** Sentences for people: which yardstick is missing, and what would bring it. */
  readonly missing: readonly string[];
}

const OURS: readonly (readonly [SenderKind, Contestant['kind'], string])[] = [
  ['raw-socket', 'driver', 'software UFO, npm raw-socket called directly'],
  ['packet-socket', 'driver', 'software UFO, AF_PACKET sendmmsg'],
  ['af-xdp', 'driver', 'software UFO, AF_XDP transmit ring'],
  ['xdp-live', 'driver', 'software UFO, BPF live frames'],
  ['virtio-ufo', 'driver', 'datagrams handed over whole (GSO_UDP), the kernel cuts'],
  ['kernel-udp', 'driver', 'UDP socket by sendmmsg, the kernel cuts'],
  [PACKAGE_QUEUE, 'yardstick', "npm raw-socket's own queue, frames cut beforehand"],
  ['node-dgram', 'yardstick', "Node's dgram, the kernel cuts"],
];

/** Builds or finds all; `only` (empty: all) names those wanted. */
export async function gatherField(only: readonly string[]): Promise<Field> {
  const folder = await mkdtemp(join(tmpdir(), 'udp-ufo-bench-'));
  const ours = OURS.map(([kind, side, about]) => senderOf(kind, side, about));
  const found = await Promise.all([cProgram(folder), trafgen(folder), scapy(folder)]);
  const all = [...ours, ...found.filter((one): one is Contestant => typeof one !== 'string')];
  return {
    contestants: all.filter(({ name }) => only.length === 0 || only.includes(name)),
    missing: found.filter((one): one is string => typeof one === 'string'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Every name that `--only` takes. */
export const NAMES: readonly string[] = [...OURS.map(([kind]) => kind), C_UDP, TRAFGEN, SCAPY];

/** The words that start one of our senders. */
export function senderWords(kind: SenderKind, scenario: Scenario, queue = 0): string[] {
  return [programPath('bench-sender'), JSON.stringify({ kind, scenario, queue })];
}

function senderOf(kind: SenderKind, side: Contestant['kind'], about: string): Contestant {
  return {
    name: kind,
    kind: side,
    about,
    skips: (scenario) => SKIPS[kind]?.(scenario) ?? null,
    start: (scenario) => LineProcess.start(kind, process.execPath, senderWords(kind, scenario)),
  };
}

/** Why one of ours does not take part. */
const SKIPS: Partial<Record<SenderKind, (scenario: Scenario) => string | null>> = {
  [PACKAGE_QUEUE]: packageQueueSkips,
  'xdp-live': ({ mtu }) => {
    if (readPrivileges().inUserNamespace)
      return 'it needs root outside a user namespace (udp-ufo lab --real-root -- udp-ufo bench)';
    return mtu > PAGE_SIZE ? 'a live frame must fit a page' : null;
  },
};

function packageQueueSkips({ family, payload }: Scenario): string | null {
  if (payload === 'cold') return 'it has its frames ready, there is no payload to fetch';
  return family === 6 ? 'its queue stops for good now and then over IPv6, with packets in it' : null;
}

async function cProgram(folder: string): Promise<Contestant | string> {
  const source = join(folder, 'kernel-udp.c');
  const program = join(folder, 'kernel-udp');
  await writeFile(source, KERNEL_UDP_C);
  try {
    await runTool('cc', ['-O2', '-o', program, source], { timeoutMs: 20_000 });
  } catch (error) {
    return `${C_UDP} is missing: ${(error as Error).message} (install gcc)`;
  }
  return {
    name: C_UDP,
    kind: 'yardstick',
    about: 'C program on a kernel UDP socket, the kernel cuts',
    skips: () => null,
    start: (scenario) => {
      const numbers = [BENCH_PORT, scenario.size, packetsOf(scenario, scenario.mtu), payloadCount(scenario)];
      const address = scenario.family === 4 ? LAB.far.ipv4 : LAB.far.ipv6;
      return LineProcess.start(C_UDP, program, [address, ...numbers.map(String)]);
    },
  };
}

async function trafgen(folder: string): Promise<Contestant | string> {
  try {
    await runTool('sh', ['-c', 'command -v trafgen']);
  } catch {
    return `${TRAFGEN} is missing (install netsniff-ng)`;
  }
  return {
    name: TRAFGEN,
    kind: 'yardstick',
    about: 'netsniff-ng trafgen replaying frames cut beforehand',
    skips: ({ payload }) => (payload === 'cold' ? 'it has its frames ready, there is no payload to fetch' : null),
    start: (scenario) => Trafgen.start(scenario, folder),
  };
}

async function scapy(folder: string): Promise<Contestant | string> {
  const script = join(folder, 'scapy-sender.py');
  await writeFile(script, SCAPY_PY);
  const python = await pythonWithScapy();
  if (python === null) return `${SCAPY} is missing: no python3 here can import it (install python3-scapy)`;
  return {
    name: SCAPY,
    kind: 'yardstick',
    about: 'scapy building, fragmenting and sending',
    skips: (scenario) => (isMain(scenario) ? null : 'a thousand times slower; measured once'),
    start: (scenario) => {
      const words = [LAB.far.ipv4, BENCH_PORT, scenario.size, scenario.mtu, LAB.near.interface, LAB.far.mac].map(
        String,
      );
      return LineProcess.start(SCAPY, python, [script, ...words]);
    },
  };
}

/** A python3 in PATH may be another one than the distribution's, which has the distribution's packages. */
async function pythonWithScapy(): Promise<string | null> {
  for (const python of ['python3', '/usr/bin/python3']) {
    const found = await runTool(python, ['-c', 'import scapy'], { timeoutMs: 10_000 }).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  return null;
}
