import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../../host/run-tool.js';
import { isMain, packetsOf, payloadCount, type Scenario } from '../scenario.js';
import { destinationOf, endsOf } from '../wire.js';
import { compileC } from './c-program.js';
import type { Contestant } from './contestant.js';
import { KERNEL_UDP_C } from './kernel-udp-source.js';
import { LineProcess } from './line-process.js';
import { BENCH_PORT } from './ready-frames.js';
import { SCAPY_PY } from './scapy-source.js';
import { Trafgen } from './trafgen.js';

/** Names that others refer to. */
export const C_UDP = 'c-kernel-udp';
export const TRAFGEN = 'trafgen';
export const SCAPY = 'scapy';

/** Why those with their frames ready do not take part; null where they do. */
export function readyFramesSkip({ payload, uso }: Scenario): string | null {
  if (uso) return 'it joins no datagrams';
  return payload === 'hot' ? null : 'it has its frames ready, there is no payload to fetch';
}

/** A UDP socket in C, built here; or the sentence that says why it is missing. `file`: where payloads from one come from. */
export async function cProgram(folder: string, file: string): Promise<Contestant | string> {
  let program: string;
  try {
    program = await compileC(folder, 'kernel-udp', KERNEL_UDP_C);
  } catch (error) {
    return `${C_UDP} is missing: ${(error as Error).message} (install gcc)`;
  }
  return {
    name: C_UDP,
    kind: 'yardstick',
    about: 'C program on a kernel UDP socket, the kernel cuts',
    skips: () => null,
    start: (scenario, signal) => {
      const numbers = [BENCH_PORT, scenario.size, packetsOf(scenario, scenario.mtu), payloadCount(scenario)];
      const words = [destinationOf(scenario), ...numbers.map(String), ...(scenario.payload === 'file' ? [file] : [])];
      return LineProcess.start(C_UDP, program, words, signal);
    },
  };
}

export async function trafgen(folder: string): Promise<Contestant | string> {
  try {
    await runTool('sh', ['-c', 'command -v trafgen']);
  } catch {
    return `${TRAFGEN} is missing (install netsniff-ng)`;
  }
  return {
    name: TRAFGEN,
    kind: 'yardstick',
    about: 'netsniff-ng trafgen replaying frames cut beforehand',
    skips: readyFramesSkip,
    start: (scenario) => Trafgen.start(scenario, folder),
  };
}

export async function scapy(folder: string): Promise<Contestant | string> {
  const script = join(folder, 'scapy-sender.py');
  await writeFile(script, SCAPY_PY);
  const python = await pythonWithScapy();
  if (python === null) return `${SCAPY} is missing: no python3 here can import it (install python3-scapy)`;
  return {
    name: SCAPY,
    kind: 'yardstick',
    about: 'scapy building, fragmenting and sending',
    skips: (scenario) => (isMain(scenario) ? null : 'a thousand times slower; measured once'),
    start: (scenario, signal) => {
      const { near, far } = endsOf(scenario);
      const words = [far.ipv4, BENCH_PORT, scenario.size, scenario.mtu, near.interface, far.mac];
      return LineProcess.start(SCAPY, python, [script, ...words.map(String)], signal);
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
