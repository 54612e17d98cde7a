import { isIPv4 } from 'node:net';
import { UfoError } from '../../errors.js';
import { findInterface } from '../../host/interfaces.js';
import { insideLab, setLabMtu } from '../../host/lab.js';
import { makeFolder } from '../../host/output-folder.js';
import { makePayload } from '../../payload/generated.js';
import { grouped } from '../../report/grouped.js';
import type { DriverName } from '../../tx/net-device.js';
import { verdictExitCode } from '../common/exit-codes.js';
import type { Output } from '../common/output.js';
import { createProgress } from '../common/progress.js';
import { lab } from '../lab/lab.js';
import { demoCases, MTUS } from './cases.js';
import { FarReceiver } from './far-receiver.js';
import type { DemoRow } from './row.js';
import { type DemoPass, demoPass } from './run.js';
import { demoTable } from './table.js';
import { tracedWay } from './way.js';

interface DemoOptions {
  /** Folder that keeps the captures; made if need be. */
  readonly pcap?: string | undefined;
  readonly json: boolean;
}

/** The datagram whose way is shown: two pages, six fragments. */
const SHOWN = { size: 8192 };

/**
 * `udp-ufo demo`: runs itself again in a lab, sends datagrams of many sizes by every driver there is, and holds them against
 * a capture and against what an ordinary UDP socket on the far host is given. Exit code 1 for anything wrong, 4 where the
 * capture lost frames.
 * @throws UfoError ERR_UFO_LAB_FORBIDDEN where this system allows no lab, with what to do about it.
 */
export async function demo(options: DemoOptions, output: Output, signal: AbortSignal): Promise<number> {
  if (options.pcap !== undefined) makeFolder(options.pcap);
  if (insideLab() === null) {
    return lab({ command: [process.execPath, ...process.execArgv, ...process.argv.slice(1)], stop: signal });
  }
  const begin = performance.now();
  if (!options.json) for (const line of await introduction()) await output.line(line);
  const passes = await allPasses(options, signal);
  const rows = passes.flatMap((pass) => pass.rows);
  const captureLost = totalLost(passes);
  const verdict = judge(rows, captureLost);
  const seconds = (performance.now() - begin) / 1000;
  if (options.json) {
    for (const row of rows) await output.json(row);
    const wrong = rows.filter(({ faults }) => faults.length > 0).length;
    const { absent } = passes[0]!;
    await output.json({ type: 'summary', datagrams: rows.length, wrong, captureLost, absent, verdict, seconds });
  } else for (const line of conclusion(rows, passes, verdict, seconds)) await output.line(line);
  return verdictExitCode(verdict);
}

type DemoVerdict = 'good' | 'bad' | 'inconclusive';

async function allPasses({ pcap }: DemoOptions, signal: AbortSignal): Promise<DemoPass[]> {
  await using receiver = await FarReceiver.start();
  const { mtu: mtuBefore } = await findInterface(insideLab()!.near.interface);
  const total = MTUS.reduce((sum, mtu) => sum + demoCases(mtu).length, 0);
  const progress = await createProgress('sending', total, 'datagrams');
  let sent = 0;
  const onSent = (): void => progress.update(++sent);
  const passes: DemoPass[] = [];
  try {
    for (const mtu of MTUS) passes.push(await demoPass({ mtu, receiver, pcap, signal, onSent }));
  } finally {
    progress.stop();
    await setLabMtu(mtuBefore); // the lab may be somebody's who goes on with it
  }
  return passes;
}

/** A row that was delivered as it was sent and only not wholly captured says nothing against us if the capture lost frames. */
function judge(rows: readonly DemoRow[], captureLost: number | null): DemoVerdict {
  const wrong = rows.filter(({ faults }) => faults.length > 0);
  if (wrong.length === 0) return captureLost === 0 ? 'good' : 'inconclusive';
  const blind = wrong.every(({ delivered, verdict }) => delivered && verdict !== 'bad');
  return blind && captureLost !== 0 ? 'inconclusive' : 'bad';
}

function totalLost(passes: readonly DemoPass[]): number | null {
  return passes.reduce<number | null>(
    (sum, { captureLost }) => (sum === null || captureLost === null ? null : sum + captureLost),
    0,
  );
}

async function introduction(): Promise<string[]> {
  const { near, far } = insideLab()!;
  return [
    `A lab of two hosts: near (${near.ipv4}, ${near.ipv6}) and far (${far.ipv4}, ${far.ipv6}), joined by a wire.`,
    '',
    `The way of a datagram of ${grouped(SHOWN.size)} octets. Its payload is copied into user pages once; the frags of an skb point`,
    'at them. The software UFO stage makes rows: headers of their own, payload borrowed from the pages.',
    ...(await shownWay('packet-socket', near.ipv4, far.ipv4)),
    '',
    'The same over IPv6, handed over whole for the kernel to cut:',
    ...(await shownWay('virtio-ufo', near.ipv6, far.ipv6)),
    '',
  ];
}

async function shownWay(driver: DriverName, from: string, to: string): Promise<string[]> {
  const type = isIPv4(to) ? 'udp4' : 'udp6';
  try {
    const { interface: name } = insideLab()!.near;
    return await tracedWay({ type, driver, interface: name }, from, to, makePayload(SHOWN.size, 1, 0));
  } catch (error) {
    if (error instanceof UfoError) return [`  not here: ${driver} (${error.message})`];
    throw error;
  }
}

function conclusion(
  rows: readonly DemoRow[],
  passes: readonly DemoPass[],
  verdict: DemoVerdict,
  seconds: number,
): string[] {
  const faults = rows.flatMap(({ driver, family, mtu, size, faults }) =>
    faults.map((text) => `  ${driver}, IPv${family}, MTU ${mtu}, ${size} octets: ${text}`),
  );
  return [
    'Sent, captured by libpcap on the far interface, verified, and read from an ordinary UDP socket there:',
    demoTable(rows),
    ...faults,
    ...passes[0]!.absent.map(({ driver, why }) => `not here: ${driver} (${why})`),
    '',
    closingLine(rows, verdict, totalLost(passes), seconds),
  ];
}

function closingLine(
  rows: readonly DemoRow[],
  verdict: DemoVerdict,
  captureLost: number | null,
  seconds: number,
): string {
  const took = `(${seconds.toFixed(1)} s)`;
  const packets = rows.reduce((sum, row) => sum + row.captured, 0);
  const drivers = new Set(rows.map(({ driver }) => driver)).size;
  const wrong = rows.filter((row) => row.faults.length > 0).length;
  switch (verdict) {
    case 'good':
      return (
        `Proven: ${rows.length} datagrams by ${drivers} drivers, ${grouped(packets)} packets, none lost and none too many; ` +
        `every header, offset, checksum and octet right, and the far socket read what was sent. ${took}`
      );
    case 'bad':
      return `Wrong: ${wrong} of ${rows.length} datagrams are not as they should be, see ✗. ${took}`;
    default:
      return `Not proven: the capture lost ${captureLost ?? 'an unknown number of'} frames; nothing wrong was seen. ${took}`;
  }
}
