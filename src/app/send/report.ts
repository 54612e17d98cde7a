import type { SentCounts } from '../../socket/flight/counts.js';
import type { PathInfo } from '../../socket/path/info.js';
import { DRIVER_TRAITS } from '../../tx/drivers.js';
import type { LostFrames } from '../../tx/net-device.js';
import { EXIT, type ExitCode, lossExitCode, verdictExitCode, worstOf } from '../common/exit-codes.js';
import { counted, figure, perSecond } from '../common/figures.js';
import type { FlowCount } from '../common/flows.js';
import { lostText } from '../common/lost-text.js';
import type { Output } from '../common/output.js';
import { arrived, type WireReport, wireReportText } from '../common/wire-report.js';
import { type EchoReport, echoExitCode, echoText } from './echo.js';
import { type HeldRate, heldRateText } from './held-rate.js';

/** What became of a whole `udp-ufo send`. */
export interface SendOutcome {
  /** Of several senders the first one's. */
  readonly path: Omit<PathInfo, 'packets'>;
  /** What each of several flows came to; null where there is one. */
  readonly flows: readonly FlowCount[] | null;
  readonly tally: SentCounts;
  readonly lost: LostFrames;
  readonly seconds: number;
  /** What became of the rate asked for; null without one. */
  readonly rate: HeldRate | null;
  /** What the wire showed; null where nobody looked. */
  readonly wire: WireReport | null;
  /** What came back; null where nobody waited for it. */
  readonly echo: EchoReport | null;
  /** What stopped it. */
  readonly failure: unknown;
  /** Each of several senders. */
  readonly queues?: readonly QueueOutcome[];
}

/** What one of several senders sent. */
interface QueueOutcome extends SentCounts {
  readonly sourcePort: number;
}

/** Of a send that nothing stopped: wrong is what the wire or the echo showed, inconclusive what was lost. */
export function outcomeExitCode({ lost, wire, echo }: SendOutcome): ExitCode {
  return worstOf([
    verdictExitCode(wire?.verdict ?? 'good'),
    echo === null ? EXIT.ok : echoExitCode(echo),
    arrived(wire) ? EXIT.ok : lossExitCode(lost),
  ]);
}

/** Writes the result: an object for programs, a few lines for people. */
export async function printOutcome(outcome: SendOutcome, json: boolean, output: Output): Promise<void> {
  if (json) await output.json(outcomeJson(outcome));
  else for (const line of outcomeText(outcome)) await output.line(line);
}

function outcomeJson({ path, flows, tally, lost, seconds, rate, wire, echo, failure, queues }: SendOutcome): object {
  const { datagrams, failed, fragments, strayFragments, octets, ways, idents } = tally;
  const { source, sourcePort, destination, destinationPort, driver, interface: name, mtu } = path;
  return {
    type: 'summary',
    ...{ source, sourcePort, destination, destinationPort, driver, interface: name, mtu, ways },
    ...{ datagrams, failed, fragments, strayFragments, octets, idents, lost, seconds },
    datagramsPerSecond: perSecond(datagrams, seconds),
    fragmentsPerSecond: perSecond(fragments, seconds),
    bitsPerSecond: perSecond(8 * octets, seconds),
    rate,
    ...(flows && { flows }),
    verify: wire,
    echo,
    ...(queues && { queues }),
    error: failure instanceof Error ? { code: Reflect.get(failure, 'code') ?? null, message: failure.message } : null,
  };
}

export function outcomeText(outcome: SendOutcome): string[] {
  const { path, flows, tally, lost, seconds, rate, wire, echo, queues = [] } = outcome;
  const { datagrams, fragments, octets, ways } = tally;
  return [
    `${endpoint(path.source, path.sourcePort)} → ${endpoint(path.destination, path.destinationPort)}${moreText(flows)} by ${path.driver}` +
      `${DRIVER_TRAITS[path.driver].sends ? ' on' : ' into'} ${path.interface}, MTU ${path.mtu}`,
    ...ways.map(({ way, why }) => `  ${way}: ${why}`),
    `  ${counted(datagrams, 'datagram')}, ${counted(octets, 'octet')} of payload, ${counted(fragments, 'packet')}` +
      `${identText(tally)}${failedText(tally)}`,
    `  ${seconds.toFixed(3)} s: ${figure(perSecond(datagrams, seconds))} datagrams/s, ` +
      `${figure(perSecond(fragments, seconds))} packets/s, ${figure(perSecond(8 * octets, seconds) / 1e6)} Mbit/s of payload`,
    ...(flows === null ? [] : flowsText(flows)),
    ...queues.map((one, index) => queueText(one, index, seconds)),
    ...(rate === null ? [] : [`  ${heldRateText(rate)}`]),
    ...(DRIVER_TRAITS[path.driver].sends ? [`  ${lostText(lost)}`] : []),
    ...(wire === null ? [] : wireReportText(wire, 'datagram').map((line) => `  ${line}`)),
    ...(echo === null ? [] : echoText(echo).map((line) => `  ${line}`)),
  ];
}

function moreText(flows: readonly FlowCount[] | null): string {
  return flows === null ? '' : ` and ${counted(flows.length - 1, 'more flow')}`;
}

/** Flows that are told one by one. */
const FEW_FLOWS = 8;

function flowsText(flows: readonly FlowCount[]): string[] {
  if (flows.length > FEW_FLOWS) {
    const least = flows.reduce((min, { datagrams }) => Math.min(min, datagrams), Number.POSITIVE_INFINITY);
    const most = flows.reduce((max, { datagrams }) => Math.max(max, datagrams), 0);
    const range = least === most ? counted(least, 'datagram') : `${figure(least)} … ${counted(most, 'datagram')}`;
    return [`  ${counted(flows.length, 'flow')} of ${range} each`];
  }
  return flows.map((one) => {
    const [from, to] = [endpoint(one.source, one.sourcePort), endpoint(one.destination, one.destinationPort)];
    return `    ${from} → ${to}: ${counted(one.datagrams, 'datagram')}`;
  });
}

function queueText(queue: QueueOutcome, index: number, seconds: number): string {
  const { sourcePort, datagrams, fragments } = queue;
  return (
    `    sender ${index} from port ${sourcePort}: ${counted(datagrams, 'datagram')}, ` +
    `${figure(perSecond(fragments, seconds))} packets/s${identText(queue)}${failedText(queue)}`
  );
}

function identText({ idents }: SentCounts): string {
  if (idents === null) return '';
  return idents.first === idents.last ? `, ident ${idents.first}` : `, idents ${idents.first} … ${idents.last}`;
}

/** `packets` above counts theirs too: the kernel took them. */
function failedText({ failed, strayFragments }: SentCounts): string {
  if (failed === 0) return '';
  return `; ${counted(failed, 'datagram')} failed, ${strayFragments} of the packets are theirs`;
}

function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
