import { join } from 'node:path';
import { Expectation } from '../../compare/expectation.js';
import type { ExpectedDatagram } from '../../compare/expected.js';
import { UfoError } from '../../errors.js';
import { insideLab, type LabHost, pinNeighbours, setLabMtu } from '../../host/lab.js';
import { makePayload } from '../../payload/generated.js';
import { sha256 } from '../../payload/sha256.js';
import type { SendResult } from '../../socket/flight/datagram.js';
import { DEFAULT_DRIVER } from '../../socket/path/choose-driver.js';
import { createSocket, type UfoSocket } from '../../socket/socket.js';
import type { DriverName } from '../../tx/net-device.js';
import type { DatagramVerdict } from '../../verify/verdict.js';
import { expectedDatagram, expectedPayload } from '../common/sent.js';
import { startLiveVerify } from '../verify/live.js';
import { type DemoCase, demoCases, packetsOf } from './cases.js';
import type { FarReceived, FarReceiver } from './far-receiver.js';
import { type DemoRow, demoRow } from './row.js';

/** What came of all datagrams of one MTU. */
export interface DemoPass {
  readonly rows: readonly DemoRow[];
  /** Drivers that do not work here, and why. */
  readonly absent: readonly { readonly driver: DriverName; readonly why: string }[];
  /** Frames the capture lost; null where it cannot say. */
  readonly captureLost: number | null;
}

interface DemoPassOptions {
  readonly mtu: number;
  readonly receiver: FarReceiver;
  /** Folder for the capture. */
  readonly pcap?: string | undefined;
  readonly signal: AbortSignal;
  /** Told after each datagram. */
  readonly onSent: () => void;
}

/** A datagram that is not there after so long is lost, milliseconds. */
const DELIVERED_WITHIN = 1500;

/** A datagram sent, with what is needed to find it among the verdicts. */
interface Shot {
  readonly one: DemoCase;
  /** Its place in the table. */
  readonly order: number;
  readonly sent: SendResult | UfoError;
  /** null for what was not sent. */
  readonly expected: ExpectedDatagram | null;
  readonly sha256: string;
  readonly received: FarReceived | null;
}

/** Sends every datagram of one MTU, one after the other, past a capture on the far interface. */
export async function demoPass(options: DemoPassOptions): Promise<DemoPass> {
  const { mtu, pcap, signal } = options;
  const { near, far } = insideLab()!;
  await setLabMtu(mtu);
  await pinNeighbours();
  await using live = await startLiveVerify({
    interface: far.interface,
    signal,
    hash: false,
    sightings: true,
    write: pcap === undefined ? undefined : join(pcap, `mtu-${mtu}.pcap`),
  });
  // npm raw-socket is proven by npm cap, where both are built: two packages that know nothing of each other.
  await using byCap = await startLiveVerify({
    interface: far.interface,
    signal,
    hash: false,
    sightings: true,
    engine: 'cap',
  }).catch(absentEngine);
  const { shots, absent } = await shootAll(options, far);
  live.stop();
  byCap?.stop();
  const sources = [near.ipv4, near.ipv6];
  const { verdicts, captureLost } = await collect(live.verdicts(), sources);
  await live.keepFile();
  const capSaw = byCap === null ? { verdicts, captureLost: 0 } : await collect(byCap.verdicts(), sources);
  const held = new Map([...compare(shots, verdicts, false), ...compare(shots, capSaw.verdicts, true)]);
  return {
    rows: shots
      .toSorted((a, b) => a.order - b.order)
      .map((shot) => demoRow(shot.one, { ...shot, verdict: held.get(shot) ?? null })),
    absent: [...absent].map(([driver, why]) => ({ driver, why })),
    captureLost: captureLost === null || capSaw.captureLost === null ? null : captureLost + capSaw.captureLost,
  };
}

/** Holds what a capture saw against what was sent by the drivers that it is the witness of; the far interface is their own link. */
function compare(
  shots: readonly Shot[],
  verdicts: readonly DatagramVerdict[],
  byCap: boolean,
): Map<Shot, DatagramVerdict> {
  const witnessed = shots.filter(({ one }) => (one.driver === DEFAULT_DRIVER) === byCap);
  const sent = new Map(witnessed.flatMap((shot) => (shot.expected === null ? [] : [[shot.expected, shot] as const])));
  const expectation = new Expectation(sent.keys(), { strict: true });
  const held = new Map<Shot, DatagramVerdict>();
  for (const one of verdicts) {
    const { expected, verdict } = expectation.take(one) ?? {};
    const shot = expected && sent.get(expected);
    if (shot !== undefined && verdict !== undefined && !held.has(shot)) held.set(shot, verdict);
  }
  return held;
}

/** npm cap is an optional package. */
function absentEngine(error: unknown): null {
  if (error instanceof UfoError && error.code === 'ERR_UFO_UNSUPPORTED') return null;
  throw error;
}

/** A driver that can't be opened is left out, but never the default one. */
async function shootAll({ mtu, receiver, signal, onSent }: DemoPassOptions, far: LabHost) {
  const absent = new Map<DriverName, string>();
  const shots: Shot[] = [];
  const cases = demoCases(mtu);
  for (const group of groups(cases)) {
    const { driver, family } = group[0]!;
    await using socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', driver });
    try {
      await socket.connect(receiver.port, family === 4 ? far.ipv4 : far.ipv6);
    } catch (error) {
      if (driver === DEFAULT_DRIVER || !(error instanceof UfoError)) throw error;
      absent.set(driver, error.message);
      continue;
    }
    for (const one of group) {
      signal.throwIfAborted();
      shots.push(await shoot(socket, one, cases.indexOf(one), receiver));
      onSent();
    }
  }
  return { shots, absent };
}

/** Datagrams that one socket sends: neighbours of one driver and family. */
function groups(cases: readonly DemoCase[]): DemoCase[][] {
  const byKey = new Map<string, DemoCase[]>();
  for (const one of cases) {
    const key = `${one.driver} ${one.family}`;
    byKey.set(key, [...(byKey.get(key) ?? []), one]);
  }
  return [...byKey.values()];
}

/** Its place in the table is the seed of its payload, so that no datagram is taken for another one. */
async function shoot(socket: UfoSocket, one: DemoCase, order: number, receiver: FarReceiver): Promise<Shot> {
  const payload = makePayload(one.size, order, one.size);
  const path = await socket.path();
  const sent = await socket.send(payload).catch((error: unknown) => {
    if (error instanceof UfoError) return error;
    throw error;
  });
  const failed = sent instanceof UfoError;
  const expected = failed ? null : expectedDatagram(path, sent, expectedPayload(payload));
  const received = failed ? null : await receiver.take(path.sourcePort, one.size, DELIVERED_WITHIN);
  return { one: atMtu(one, path.mtu), order, sent, expected, sha256: sha256(payload), received };
}

/** A driver may carry less than the wire (af-xdp: a chunk of its memory); the default one may not. */
function atMtu(one: DemoCase, mtu: number): DemoCase {
  if (one.driver === DEFAULT_DRIVER || mtu >= one.mtu) return one;
  return { ...one, mtu, packets: packetsOf(one.family, mtu, one.size) };
}

async function collect(
  verdicts: ReturnType<Awaited<ReturnType<typeof startLiveVerify>>['verdicts']>,
  sources: readonly string[],
): Promise<{ verdicts: DatagramVerdict[]; captureLost: number | null }> {
  const ours: DatagramVerdict[] = [];
  for (;;) {
    const { value, done } = await verdicts.next();
    if (done) return { verdicts: ours, captureLost: value.captureLost };
    if (sources.includes(value.source)) ours.push(value);
  }
}
