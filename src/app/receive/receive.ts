import { usageError } from '../../errors.js';
import { dropPrivileges } from '../../host/drop-privileges.js';
import { readKernelCounters } from '../../host/kernel-counters.js';
import { isLinkLocal } from '../../host/sockaddr.js';
import { isMulticast, parseAddress } from '../../wire/address.js';
import type { ExitCode } from '../common/exit-codes.js';
import type { Output } from '../common/output.js';
import type { ReceiveOptions } from './options.js';
import { Reporter } from './reporter.js';
import { ReceiveRun } from './run.js';
import { openReceiveSocket, type ReceiveSocket } from './socket.js';
import { openStore } from './store.js';
import { exitCode, summaryText } from './summary.js';

/** Less than this is what a burst of a few large datagrams overruns. */
const SMALL_BUFFER = 4 * 1024 * 1024;

/**
 * `udp-ufo receive`: a plain UDP socket that counts, judges generated payloads and says what was lost and where. Exit code
 * 1 for a wrong payload, 4 where datagrams are missing or the count was not reached.
 */
export async function receive(options: ReceiveOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  if (options.interface !== undefined && !needsInterface(options.address))
    throw usageError(
      '--interface: only groups are joined by one, and link-local addresses lie on one',
      'give such an --address, or leave it out',
    );
  await using store = options.write === undefined ? null : await openStore(options.write, signal);
  const before = readKernelCounters();
  using socket = await openReceiveSocket(options.address, options.port, options.bufferSize, options.interface);
  await announce(socket, options, output);
  await using reporter = options.report ? await Reporter.start(socket) : null;
  if (reporter?.blind) output.note(`reports tell nothing of packets, only of datagrams: ${reporter.blind}`);
  dropPrivileges();
  const run = new ReceiveRun(options, { socket, output, store, reporter });
  let failure: unknown = null;
  try {
    await run.untilEnd(signal);
    if (run.received || !signal.aborted) await store?.finish(); // what stood there stays where nothing came
  } catch (error) {
    failure = error; // told after what was done until then
  }
  const summary = run.summary(before);
  if (!output.signal.aborted) await (options.json ? output.json(summary) : output.line(summaryText(summary)));
  if (failure !== null) throw failure;
  return exitCode(summary, options.count);
}

async function announce(
  { address, port, recvBufferSize }: ReceiveSocket,
  { json, bufferSize }: ReceiveOptions,
  output: Output,
): Promise<void> {
  if (json) await output.json({ type: 'listening', address, port, recvBufferSize });
  else output.note(`listening on ${address.includes(':') ? `[${address}]` : address}:${port}`);
  if (recvBufferSize >= Math.min(bufferSize, SMALL_BUFFER)) return;
  const wanted = `sysctl -w net.core.rmem_max=${bufferSize}`;
  output.note(`the receive buffer is only ${recvBufferSize} octets: bursts of large datagrams will be lost; ${wanted}`);
}

function needsInterface(address: string): boolean {
  const parsed = parseAddress(address)!;
  return isMulticast(parsed) || isLinkLocal(parsed.octets);
}
