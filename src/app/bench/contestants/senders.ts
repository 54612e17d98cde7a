import { createSocket as createUdpSocket } from 'node:dgram';
import { createRequire } from 'node:module';
import { UfoError } from '../../../errors.js';
import { makePayload } from '../../../payload/generated.js';
import type { SendSummary } from '../../../socket/flight/datagram.js';
import type { Pages } from '../../../socket/pages.js';
import { createSocket, type UfoSocket } from '../../../socket/socket.js';
import { DRIVER_TRAITS } from '../../../tx/drivers.js';
import type { DriverName } from '../../../tx/net-device.js';
import { FILE_DATAGRAMS, packetsOf, payloadCount, type Scenario } from '../scenario.js';
import { destinationOf, endsOf } from '../wire.js';
import { BENCH_PORT, readyPackets } from './ready-frames.js';

/** What a sending process can be told to be: a driver of ours, Node's own UDP socket, or npm raw-socket by its own queue. */
export type SenderKind = DriverName | 'node-dgram' | 'raw-socket-queue';

export interface SenderRequest {
  readonly kind: SenderKind;
  readonly scenario: Scenario;
  /** One of several senders that share the wire: its number, and queue. */
  readonly queue: number;
  /** Where the scenario's payloads come from a file. */
  readonly file: string;
}

/** Sends until `more` says no; returns datagrams and IP packets taken. */
type Send = (more: () => boolean) => Promise<{
  readonly datagrams: number;
  readonly packets: number;
  /** Of sending alone, where the sender knows it. */
  readonly seconds?: number;
}>;

/** Datagrams in flight where each has to be waited for. */
const WINDOW = 64;

export async function openSender(request: SenderRequest): Promise<Send> {
  switch (request.kind) {
    case 'node-dgram':
      return openDgram(request.scenario);
    case 'raw-socket-queue':
      return openPackageQueue(request.scenario);
    default:
      return openDriver(request.kind, request);
  }
}

async function openDriver(driver: DriverName, { scenario, queue, file }: SenderRequest): Promise<Send> {
  const { near } = endsOf(scenario);
  const socket = createSocket({
    type: scenario.family === 4 ? 'udp4' : 'udp6',
    driver,
    ...(DRIVER_TRAITS[driver].honours.includes('queue') ? { queue } : {}),
    ...(driver === 'raw-socket' || driver === 'kernel-udp' ? {} : { interface: near.interface }),
  });
  socket.on('error', () => undefined); // ICMP from a far host without a sink
  await socket.connect(BENCH_PORT, destinationOf(scenario));
  const packets = packetsOf(scenario, scenario.mtu);
  const sentOf = ({ datagrams, fragments, seconds }: SendSummary) => {
    return { datagrams, packets: DRIVER_TRAITS[driver].writesHeaders ? fragments : datagrams * packets, seconds };
  };
  if (scenario.payload === 'file') return fileSender(socket, file, scenario.size, sentOf);
  const messages = await messagesFor(socket, scenario);
  return async (more) => sentOf(await socket.sendMany(inTurn(messages, more)));
}

/** Datagrams of one `sendFile`: an order is obeyed to as many. */
const FILE_STEP = 256;

/** `sendFile`, on and on from the beginning. */
function fileSender(
  socket: UfoSocket,
  file: string,
  datagramSize: number,
  sentOf: (summary: SendSummary) => { datagrams: number; packets: number; seconds: number },
): Send {
  let at = 0;
  return async (more) => {
    const sum = { datagrams: 0, packets: 0, seconds: 0 };
    for (;;) {
      let step = 0;
      while (step < FILE_STEP && more()) step++;
      if (step === 0) return sum;
      const summary = await socket.sendFile(file, {
        datagramSize,
        offset: at * datagramSize,
        length: step * datagramSize,
      });
      const { datagrams, packets, seconds } = sentOf(summary);
      sum.datagrams += datagrams;
      sum.packets += packets;
      sum.seconds += seconds;
      at = (at + FILE_STEP) % FILE_DATAGRAMS;
    }
  };
}

/** Hot: user pages, written once and sent again and again. Cold: the caller's buffers, each copied into user pages. */
async function messagesFor(socket: UfoSocket, scenario: Scenario): Promise<readonly (Uint8Array | Pages)[]> {
  const payloads = payloadsOf(scenario);
  if (scenario.payload === 'cold') return payloads;
  const pages = await socket.allocPages(scenario.size);
  pages.write(payloads[0]!);
  return [pages];
}

function* inTurn<T>(messages: readonly T[], more: () => boolean): Generator<T, void> {
  for (let next = 0; more(); next = next + 1 === messages.length ? 0 : next + 1) yield messages[next]!;
}

/** `dgram` as one uses it for speed: connected, a window of sends in flight. */
async function openDgram(scenario: Scenario): Promise<Send> {
  const socket = createUdpSocket({ type: scenario.family === 4 ? 'udp4' : 'udp6', sendBufferSize: 4 << 20 });
  await new Promise<void>((resolve) => socket.connect(BENCH_PORT, destinationOf(scenario), resolve));
  const payloads = payloadsOf(scenario);
  const packets = packetsOf(scenario, scenario.mtu);
  return async (more) => {
    const { datagrams, failed } = await windowed(WINDOW, more, (index, done) => {
      socket.send(payloads[index % payloads.length]!, done);
    });
    return { datagrams, packets: (datagrams - failed) * packets };
  };
}

/** npm raw-socket as its README has it: `send` with a callback, ready-cut packets, so that only its own queue is timed. */
async function openPackageQueue(scenario: Scenario): Promise<Send> {
  const raw = createRequire(import.meta.url)('raw-socket') as {
    createSocket(options: { protocol: number; addressFamily: number }): PackageSocket;
    AddressFamily: { IPv4: number; IPv6: number };
  };
  const { IPv4, IPv6 } = raw.AddressFamily;
  const socket = raw.createSocket({ protocol: 255, addressFamily: scenario.family === 4 ? IPv4 : IPv6 });
  socket.setOption(1, 7, 4 << 20); // SO_SNDBUF: else a single datagram fills it
  socket.on('error', (error) => {
    throw new UfoError('ERR_UFO_BENCH', `npm raw-socket closed itself: ${error?.message ?? 'no reason given'}`);
  });
  const packets = readyPackets(scenario).map((packet) => Buffer.from(packet));
  const address = destinationOf(scenario);
  return async (more) => {
    const { datagrams, failed } = await windowed(WINDOW, more, (_index, done) => {
      let waiting = packets.length;
      let failure: Error | null = null;
      const one = (error?: Error | null) => {
        failure ??= error ?? null;
        waiting -= 1;
        if (waiting === 0) done(failure);
      };
      for (const packet of packets) socket.send(packet, 0, packet.length, address, one);
    });
    return { datagrams, packets: (datagrams - failed) * packets.length };
  };
}

interface PackageSocket {
  on(event: 'error', listener: (error?: Error) => void): void;
  setOption(level: number, option: number, value: number): void;
  send(buffer: Buffer, offset: number, len: number, address: string, done: (error?: Error | null) => void): void;
}

/** Keeps `window` sends in flight until `more` says no, and waits for the rest. */
function windowed(
  window: number,
  more: () => boolean,
  send: (index: number, done: (error: Error | null) => void) => void,
): Promise<{ datagrams: number; failed: number }> {
  return new Promise((resolve) => {
    let inFlight = 0;
    let datagrams = 0;
    let failed = 0;
    let ended = false;
    let scheduled = false;
    const fill = (): void => {
      scheduled = false;
      while (!ended && inFlight < window) {
        ended = !more();
        if (ended) break;
        inFlight += 1;
        send(datagrams++, done);
      }
      if (ended && inFlight === 0) resolve({ datagrams, failed });
    };
    const done = (error: Error | null): void => {
      if (error) failed += 1;
      inFlight -= 1;
      // Half a window at a time, so that neither sends one by one nor runs deep into recursion.
      if (inFlight > window >> 1 || scheduled) return;
      scheduled = true;
      setImmediate(fill);
    };
    fill();
  });
}

function payloadsOf(scenario: Scenario): Uint8Array[] {
  return Array.from({ length: payloadCount(scenario) }, (_, sequence) => makePayload(scenario.size, 1, sequence));
}
