import type { Comparison } from '../../compare/comparison.js';
import { UfoError } from '../../errors.js';
import { comparisonText } from '../../report/comparison-text.js';
import type { DriverName } from '../../tx/net-device.js';

/** What the wire showed of what was sent. */
export interface WireReport extends Comparison {
  readonly interface: string;
  /** `own`: nothing that may change a packet is between the sender and the capture, so any difference is a fault. */
  readonly link: 'own' | 'path';
  /** Why the capture ended before its time; null where it did not. */
  readonly broken: string | null;
  /** That ended the sending, too. */
  readonly endedSending: boolean;
}

/** Who sends, and by which interface. */
interface Sender {
  readonly driver: DriverName;
  readonly interface: string;
  readonly seenByCaptures: boolean;
}

/** The interface to capture on. @throws UfoError ERR_UFO_UNSUPPORTED where a capture there does not see what is sent */
export function watchedInterface(verify: true | string, { driver, interface: name, seenByCaptures }: Sender): string {
  const watched = verify === true ? name : verify;
  if (seenByCaptures || watched !== name) return watched;
  throw new UfoError(
    'ERR_UFO_UNSUPPORTED',
    `--verify: what ${driver} sends this way is not seen by a capture on ${name}, the interface it leaves by`,
    'capture where it arrives: --verify=IF (in a lab --verify=far0)',
  );
}

/**
 * What was seen at `head`, by a capture that may have broken off: what came after that nobody saw, whatever was seen before.
 * `cutShort`: the sending ended with it, before all had gone.
 */
export function wireReport(
  head: Pick<WireReport, 'interface' | 'link'>,
  comparison: Comparison,
  broken: AbortSignal,
  cutShort: boolean,
): WireReport {
  if (!broken.aborted) return { ...head, ...comparison, broken: null, endedSending: false };
  const verdict = comparison.verdict === 'good' ? 'inconclusive' : comparison.verdict;
  return { ...head, ...comparison, verdict, broken: String(broken.reason.message), endedSending: cutShort };
}

/** Whether all of it arrived at the far end: then nothing of it was lost, whatever an interface counts, which may be others'. */
export function arrived(report: WireReport | null): boolean {
  return report?.link === 'path' && report.verdict === 'good';
}

/** Where the capture was. */
export function placeText({ interface: name, link }: Pick<WireReport, 'interface' | 'link'>): string {
  return link === 'own' ? `${name}, the sender's own link` : name;
}

export function wireReportText(report: WireReport, noun: 'datagram' | 'frame'): string[] {
  const [first, ...rest] = comparisonText(report, noun);
  const { verdict, broken, endedSending } = report;
  const what = endedSending ? 'the capture broke off, and the sending with it' : 'the capture broke off';
  return [`${placeText(report)}: ${verdict}; ${first}`, ...rest, ...(broken === null ? [] : [`  ${what}: ${broken}`])];
}
