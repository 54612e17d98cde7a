import { closeSync } from 'node:fs';
import { mkdtemp, open, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scratchFolder } from '../../../host/lab.js';
import { openNameless } from '../../../host/nameless-file.js';
import { readPrivileges } from '../../../host/privileges.js';
import { programPath } from '../../../host/programs.js';
import { PAGE_SIZE } from '../../../memory/user-memory.js';
import { makePayload } from '../../../payload/generated.js';
import type { DriverName } from '../../../tx/net-device.js';
import {
  describeScenario,
  FILE,
  FILE_DATAGRAMS,
  MAIN,
  REDIRECT,
  type Scenario,
  type Sink,
  SMALL,
  USO,
} from '../scenario.js';
import { SendCommand } from './command.js';
import type { Contestant } from './contestant.js';
import { LineProcess } from './line-process.js';
import type { SenderKind } from './senders.js';
import { C_UDP, cProgram, readyFramesSkip, SCAPY, scapy, TRAFGEN, trafgen } from './yardsticks.js';

const PACKAGE_QUEUE = 'raw-socket-queue';

/** Who takes part, and what could not be found. */
export interface Field extends AsyncDisposable {
  readonly contestants: readonly Contestant[];
  /** Sentences for people: which yardstick is missing, and what would bring it. */
  readonly missing: readonly string[];
  /** To be called before a scenario: what all of them read. */
  prepare(scenario: Scenario): Promise<void>;
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

/** Commands that goals are about, by the scenarios they take part in. */
const COMMANDS: readonly (readonly [DriverName, readonly Scenario[]])[] = [
  ['virtio-ufo', [MAIN, FILE]],
  ['af-xdp', [MAIN]],
  ['xdp-live', [MAIN, REDIRECT]],
  ['packet-socket', [SMALL]],
  ['kernel-udp', [USO]],
];

/** The name of the command line with a driver. */
export const commandOf = (driver: DriverName): string => `send:${driver}`;

/** Builds or finds all; `only` (empty: all) names those wanted. */
export async function gatherField(only: readonly string[]): Promise<Field> {
  const folder = await mkdtemp(join(scratchFolder(), 'udp-ufo-bench-'));
  const file = join(folder, 'payloads');
  const onDisk = await placeOnDisk(file);
  const ours = OURS.map(([kind, side, about]) => senderOf(kind, side, about, file));
  const commands = COMMANDS.map(([driver, scenarios]) => commandWith(driver, scenarios, file));
  const wanted = (name: string): boolean => only.length === 0 || only.includes(name);
  const yardsticks = { [C_UDP]: cProgram, [TRAFGEN]: trafgen, [SCAPY]: scapy };
  const looked = Object.entries(yardsticks).filter(([name]) => wanted(name));
  const found = await Promise.all(looked.map(([, find]) => find(folder, file)));
  const all = [...ours, ...commands, ...found.filter((one): one is Contestant => typeof one !== 'string')];
  return {
    contestants: all.filter(({ name }) => wanted(name)),
    missing: found.filter((one): one is string => typeof one === 'string'),
    prepare: ({ payload }) => (payload === 'file' ? writePayloads(file) : Promise.resolve()),
    async [Symbol.asyncDispose]() {
      if (onDisk !== null) closeSync(onDisk);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Every name that `--only` takes. */
export const NAMES: readonly string[] = [
  ...OURS.map(([kind]) => kind),
  ...COMMANDS.map(([driver]) => commandOf(driver)),
  ...[C_UDP, TRAFGEN, SCAPY],
];

/** Who takes part in a quick run where nobody is named: finding and starting scapy alone takes three seconds. */
export const QUICK_NAMES: readonly string[] = NAMES.filter((name) => name !== SCAPY);

function senderOf(kind: SenderKind, side: Contestant['kind'], about: string, file: string): Contestant {
  return {
    name: kind,
    kind: side,
    about,
    skips: (scenario) => SKIPS[kind]?.(scenario) ?? sideSkip(kind, scenario),
    start: (scenario, signal) => {
      const request = JSON.stringify({ kind, scenario, queue: 0, file });
      return LineProcess.start(kind, process.execPath, [programPath('bench-sender'), request], signal);
    },
  };
}

function commandWith(driver: DriverName, wanted: readonly Scenario[], file: string): Contestant {
  const names = new Set(wanted.map(describeScenario));
  return {
    name: commandOf(driver),
    kind: 'command',
    about: `udp-ufo send --driver ${driver}, start-up taken off`,
    skips: (scenario) => {
      if (!names.has(describeScenario(scenario))) return 'no goal is about it';
      return SKIPS[driver]?.(scenario) ?? null;
    },
    start: (scenario, signal) => SendCommand.start(driver, scenario, file, signal),
  };
}

/** Datagrams that differ, once. */
async function writePayloads(file: string): Promise<void> {
  await using handle = await open(file, 'w');
  const block = Buffer.concat(Array.from({ length: 64 }, (_, sequence) => makePayload(FILE.size, 1, sequence)));
  for (let written = 0; written < FILE_DATAGRAMS; written += 64) await handle.write(block);
}

/** Why one of ours does not take part. */
const SKIPS: Partial<Record<SenderKind, (scenario: Scenario) => string | null>> = {
  [PACKAGE_QUEUE]: packageQueueSkips,
  'node-dgram': ({ payload }) => (payload === 'file' ? 'it does not send files' : null),
  'xdp-live': ({ mtu }) => {
    if (readPrivileges().inUserNamespace)
      return 'it needs root outside a user namespace (udp-ufo lab --real-root -- udp-ufo bench)';
    return mtu > PAGE_SIZE ? 'a live frame must fit a page' : null;
  },
};

/**
 * Ours that are compared where not all are. Into a null device each waits for an interface to count what ifb counts as received.
 */
const COMPARED: Partial<Record<Sink, readonly SenderKind[]>> = {
  redirect: ['xdp-live', 'af-xdp'],
  null: ['packet-socket', 'af-xdp', 'virtio-ufo'],
};

/** Those that hand equal datagrams over joined. */
const JOINING: readonly SenderKind[] = ['kernel-udp', 'virtio-ufo'];

function sideSkip(kind: SenderKind, { uso, sink }: Scenario): string | null {
  if (!(COMPARED[sink]?.includes(kind) ?? true)) return 'not compared there';
  return uso && !JOINING.includes(kind) ? 'it joins no datagrams' : null;
}

function packageQueueSkips(scenario: Scenario): string | null {
  const stops = 'its queue stops for good now and then over IPv6, with packets in it';
  return readyFramesSkip(scenario) ?? (scenario.family === 6 ? stops : null);
}

/** Files are read in another way from a lab's own file system, in memory; one without a name on a disk goes with us, too. */
async function placeOnDisk(path: string): Promise<number | null> {
  const fd = openNameless(tmpdir());
  if (fd !== null) await symlink(`/proc/${await readlink('/proc/self')}/fd/${fd}`, path);
  return fd;
}
