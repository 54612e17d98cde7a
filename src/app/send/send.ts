import type { ExpectedDatagram } from '../../compare/expected.js';
import { usageError } from '../../errors.js';
import { dropPrivileges } from '../../host/drop-privileges.js';
import type { PathInfo } from '../../socket/path/info.js';
import { createSocket, type UfoSocket } from '../../socket/socket.js';
import { DRIVER_TRAITS } from '../../tx/drivers.js';
import type { ExitCode } from '../common/exit-codes.js';
import { SendFlows } from '../common/flows.js';
import { openUntilStopped } from '../common/open-until-stopped.js';
import type { Output } from '../common/output.js';
import type { SaveFile } from '../common/save-file.js';
import type { SentLog } from '../common/sent.js';
import { type SentOutcome, sendAll } from './all.js';
import { EchoCheck } from './echo.js';
import { holdPorts } from './flows.js';
import { inputsOf, type SendRequest, type SendTarget, sendTarget } from './options.js';
import type { SendPage } from './page.js';
import { failureOf, finishCheck, startCheck } from './proof.js';
import { heldOutside } from './reach.js';
import { outcomeExitCode, printOutcome, type SendOutcome } from './report.js';
import { NetworkTold } from './told.js';

/**
 * `udp-ufo send`: sends, tells what became of it, and with `verify` proves it on the wire. Exit code 1 where the wire showed
 * something else than was sent, 4 where something was lost, on the wire or by the capture.
 * @throws UfoError what stopped it, after the report on what had gone.
 */
export async function send(request: SendRequest, output: Output, signal: AbortSignal): Promise<ExitCode> {
  const { queues = 1 } = request;
  await using page = await openPage(request, signal);
  if (queues > 1) {
    const { sendOnQueues } = await import('./queues.js');
    const outcome = await sendOnQueues(request, queues, output, signal, page);
    return conclude(outcome, { told: null, page }, request, output, signal);
  }
  const target = await sendTarget(request);
  const options = heldOutside(request, target, output);
  const told = new NetworkTold();
  const { path, ...opened } = await openUntilStopped(signal, (opening) => open(request, target, told, opening));
  await using socket = opened.socket;
  using _held = holdPorts(options, target.family, 1);
  const flows = target.flows === null ? null : await SendFlows.open(socket, target.flows);
  if (flows !== null) socket.on('icmp', (error) => told.add(error)); // it is connected to none of them
  const outcome = await sendAndLook(socket, { path, flows }, options, output, signal, page);
  return await conclude(outcome, { told, page }, options, output, signal); // before the socket is closed, which may fail as well
}

/** @throws UfoError ERR_UFO_USAGE without `verify`, of which the page tells */
async function openPage({ html, verify }: SendRequest, signal: AbortSignal): Promise<SendPage | null> {
  if (html === undefined) return null;
  if (verify === false) throw usageError('--html: nothing is held against what was sent', 'add --verify');
  const { SendPage } = await import('./page.js');
  return SendPage.open(html, signal);
}

/** Tells what became of it before it is written anywhere: a disk may be full. */
async function conclude(
  outcome: SendOutcome,
  { told, page }: { readonly told: NetworkTold | null; readonly page: SendPage | null },
  { json }: SendRequest,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  await printOutcome(outcome, json, output);
  told?.print(output);
  await page?.write(outcome).catch((error: unknown) => {
    throw outcome.failure ?? error;
  });
  if (outcome.failure !== null) throw outcome.failure;
  signal.throwIfAborted();
  return outcomeExitCode(outcome);
}

/** `opening` ends what opening waits for: a neighbour, or the reader of a FIFO. Of what is open it is not heeded any more. */
async function open(
  { broadcast }: SendRequest,
  target: SendTarget,
  told: NetworkTold,
  opening: AbortSignal,
): Promise<{ readonly socket: UfoSocket; readonly path: PathInfo }> {
  const socket = createSocket({ ...target.socket, signal: opening });
  try {
    if (broadcast) socket.setBroadcast(true);
    socket.on('error', (error) => told.add(error));
    return { socket, path: await connect(socket, target) };
  } catch (error) {
    await socket.close();
    throw opening.aborted ? opening.reason : error;
  }
}

async function connect(socket: UfoSocket, target: SendTarget): Promise<PathInfo> {
  const { source, sourcePort, address, port, flows } = target;
  if (source !== undefined || sourcePort !== 0) await socket.bind(sourcePort, source);
  if (flows !== null) return socket.path({ address, port });
  await socket.connect(port, address);
  return socket.path();
}

async function sendAndLook(
  socket: UfoSocket,
  { path, flows }: { readonly path: PathInfo; readonly flows: SendFlows | null },
  options: SendRequest,
  output: Output,
  signal: AbortSignal,
  page: SendPage | null,
): Promise<SendOutcome> {
  const wire = await startCheck(options, flows?.paths ?? [path], signal, { onHeld: page?.add });
  try {
    await using save = await openSave(options, path, signal);
    const tell = (expected: ExpectedDatagram): void => {
      wire?.expectation.add(expected);
      save?.add(expected);
    };
    const pathOf = flows === null ? undefined : (n: number) => flows.pathOf(n);
    const log = wire || save ? await openLog(path, tell, { hash: save !== null, pathOf }) : null;
    // A capture that breaks off ends the sending, and so does a full disk: nobody would know what is sent then.
    const stop = AbortSignal.any([signal, ...[wire, save].flatMap((one) => (one === null ? [] : [one.broken]))]);
    const echo = options.echoCheckMs === undefined ? null : new EchoCheck(options.seed ?? 1, options.echoCheckMs);
    if (echo !== null) socket.on('message', echo.take);
    dropPrivileges({ reads: inputsOf(options), capabilities: DRIVER_TRAITS[path.driver].needsForEach ?? [] });
    const sent = await sendAll({ socket, path, flows, log, save, echo, options, output, signal: stop });
    const unsaved = await savedOf(save, sent, signal);
    const ended = { failure: sent.failure ?? unsaved, cutShort: sent.cutShort };
    const [shown, answers] = await Promise.all([
      finishCheck(wire, ended, signal),
      echo?.finish(sent.tally.datagrams, stop),
    ]);
    return { ...sent, ...shown, path, flows: flows?.counts ?? null, echo: answers ?? null };
  } finally {
    await wire?.close();
  }
}

async function openSave({ save }: SendRequest, path: PathInfo, signal: AbortSignal): Promise<SaveFile | null> {
  if (save === undefined) return null;
  const { SaveFile } = await import('../common/save-file.js');
  return SaveFile.open(save, path, path.interface, signal);
}

/** What became of the file of what was sent: nothing is put in place of what stood there where nothing was sent. */
async function savedOf(save: SaveFile | null, { tally }: SentOutcome, signal: AbortSignal): Promise<unknown> {
  if (save === null || (signal.aborted && tally.fragments === 0)) return null;
  return failureOf(save.finish());
}

async function openLog(...of: ConstructorParameters<typeof SentLog>): Promise<SentLog> {
  const { SentLog } = await import('../common/sent.js');
  return new SentLog(...of);
}
