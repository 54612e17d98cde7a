import { dropPrivileges } from '../../host/drop-privileges.js';
import type { SocketOptions } from '../../socket/options.js';
import { type ExitCode, verdictExitCode, worstOf } from '../common/exit-codes.js';
import { HtmlReport } from '../common/html-report.js';
import type { Output } from '../common/output.js';
import { peerAddresses } from '../common/peer-addresses.js';
import { diagnose } from './diagnose.js';
import { pathDocument } from './document.js';
import type { Evidence } from './evidence.js';
import { farEndOf } from './far-end.js';
import { largestPayload } from './limits.js';
import { losesSome } from './loss.js';
import { type Outcome, type Probe, type ProbeName, passed, together } from './probe.js';
import { Prober } from './prober.js';
import { FRAGMENT_COUNTS, firstOnly, ofFragments, ofPacketLen, ofSize, probes, WAITS_S } from './probes.js';
import { type PathReport, pathVerdict } from './report.js';
import { pathText } from './text.js';

/** `udp-ufo path` as typed. */
interface PathOptions {
  readonly host: string;
  readonly port: number;
  /** Default: every family that the name has an address of. */
  readonly family?: 4 | 6 | undefined;
  readonly driver: SocketOptions['driver'];
  readonly interface?: string | undefined;
  /** Leaves out what takes half a minute and more: the far end's reassembly time. */
  readonly fast: boolean;
  /** Stops after the questions of size: what the path carries, as ICMP and loss tell. */
  readonly pmtu: boolean;
  /** Asks for the far end's limits: how many fragments of a datagram it puts together, how long it waits for missing ones. */
  readonly limits?: boolean | undefined;
  readonly json: boolean;
  /** A file for a page of it all. */
  readonly html?: string | undefined;
}

/** Small datagrams at once, to see whether rates are limited. */
const BURST = 40;
/** A closed port answers about once a second (icmp_ratelimit of Linux), in IPv6 too. */
const CLOSED_PORT_GAP_MS = 1_100;
/** Datagrams of a question that are so few that chance may have lost them. */
const FEW = 3;
const PMTU_PROBES: readonly ProbeName[] = ['small', 'full', 'full-df', 'fragments-full'];

/**
 * `udp-ufo path HOST`: asks what passes, and says where fragments die. 1 where something does not pass, 4 where no answer
 * comes.
 */
export async function path(options: PathOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  await using page = await HtmlReport.open(options.html, signal);
  dropPrivileges({ capabilities: ['CAP_NET_RAW'] }); // each question may take another socket
  const reports: PathReport[] = [];
  for (const { family, address } of await peerAddresses(options.host, options.family)) {
    await using prober = new Prober({ ...options, family, address });
    const note = (text: string): void => output.note(`IPv${family}: ${text}`);
    const report = await new PathRun(options, family, prober, note, signal).run(address);
    await (options.json ? output.json(report) : output.line(pathText(report)));
    reports.push(report);
  }
  await page?.write(pathDocument(reports));
  return worstOf(reports.map((report) => verdictExitCode(pathVerdict(report))));
}

class PathRun {
  readonly #options: PathOptions;
  readonly #family: 4 | 6;
  readonly #signal: AbortSignal;
  readonly #prober: Prober;
  readonly #note: (text: string) => void;
  readonly #outcomes = new Map<ProbeName, Outcome>();

  constructor(options: PathOptions, family: 4 | 6, prober: Prober, note: (text: string) => void, signal: AbortSignal) {
    this.#options = options;
    this.#family = family;
    this.#prober = prober;
    this.#note = note;
    this.#signal = signal;
  }

  async run(address: string): Promise<PathReport> {
    const family = this.#family;
    const mtu = await this.#prober.mtu(this.#signal);
    const [small, ...rest] = probes({ family, mtu, burst: BURST });
    // What came before may have used up a closed port's answers (traceroute does).
    if (!(await this.#ask(small!)) && this.#mayBeClosed) await this.#ask(slowly(small!));
    if (passed(this.#outcomes.get('small'))) {
      for (const probe of this.#mayBeClosed ? rest.filter(({ gapMs }) => gapMs > 0) : rest) {
        if (!this.#options.pmtu || PMTU_PROBES.includes(probe.name)) await this.#askAtPace(probe);
      }
    }
    await this.#askAgain();
    const largestPacket = await this.#largestPacket(mtu);
    const largestDatagram = this.#options.pmtu ? null : await this.#largestDatagram(mtu);
    await this.#waitForTimeExceeded();
    if (this.#options.limits === true) await this.#farEnd();
    const kind = this.#prober.kind;
    const evidence: Evidence = { family, kind, outcomes: this.#outcomes, largestPacket, largestDatagram };
    return {
      type: 'path',
      family,
      address,
      answers: kind,
      mtu,
      outcomes: [...this.#outcomes.values()],
      largestPacket,
      largestDatagram,
      farEnd: this.#options.limits === true ? farEndOf(this.#outcomes.values()) : null,
      findings: diagnose(evidence),
    };
  }

  /** Whether answers may be rationed: nothing else than a port unreachable was heard so far. */
  get #mayBeClosed(): boolean {
    const { kind } = this.#prober;
    return kind === null || kind === 'closed-port';
  }

  /** No faster than a closed port answers: what its host leaves out for its rate limit looks like a drop. */
  #askAtPace(probe: Probe): Promise<boolean> {
    return this.#ask(this.#mayBeClosed ? slowly(probe) : probe);
  }

  async #ask(probe: Probe): Promise<boolean> {
    let outcome = await this.#prober.ask(probe, this.#signal);
    // One datagram is hardly a question; more are asked again once it is known that the path loses some.
    if (probe.count === 1 && probe.name !== 'first-only' && !passed(outcome)) outcome = await this.#again(outcome);
    this.#outcomes.set(probe.name, outcome);
    return passed(outcome);
  }

  async #again(outcome: Outcome): Promise<Outcome> {
    return outcome.failed === null ? together(outcome, await this.#prober.ask(outcome.probe, this.#signal)) : outcome;
  }

  /** What few datagrams were lost of may have been lost by chance, where others were lost that mostly pass. */
  async #askAgain(): Promise<void> {
    if (!losesSome(this.#outcomes)) return;
    for (const [name, outcome] of this.#outcomes) {
      if (!passed(outcome) && outcome.sent <= FEW) this.#outcomes.set(name, await this.#again(outcome));
    }
  }

  /** Searches for the largest packet that passes whole, where a full one vanishes without a word. */
  async #largestPacket(mtu: number): Promise<number | null> {
    const full = this.#outcomes.get('full');
    const df = this.#outcomes.get('full-df');
    const withDf = passed(full) && df !== undefined;
    const lost = withDf ? df : full;
    if (lost === undefined || passed(lost) || lost.tooBig.length > 0 || lost.failed !== null) return null;
    return this.#search(128, mtu, 1, (len) => this.#askAtPace(ofPacketLen(this.#family, len, withDf)));
  }

  /** Searches between the largest size that passed and the next one, where datagrams in fragments pass at all. */
  async #largestDatagram(mtu: number): Promise<number | null> {
    if (!passed(this.#outcomes.get('fragments-small')) || !passed(this.#outcomes.get('fragments-full'))) return null;
    const burst = this.#outcomes.get('burst-fragments');
    if (burst !== undefined && !passed(burst)) return null; // whatever is limited, it is not the size
    const asked = [...this.#outcomes.values()].filter(({ probe }) => probe.name.startsWith('size-'));
    const failing = asked.find((outcome) => !passed(outcome))?.probe.size;
    if (failing === undefined || failing > largestPayload(this.#family)) return null;
    const passing = Math.max(
      2 * mtu,
      ...asked.filter(({ probe }) => probe.size < failing).map(({ probe }) => probe.size),
    );
    return this.#search(passing, failing, 512, (size) => this.#askAtPace(ofSize(size)));
  }

  /** The largest value that passes, to within `grain`: `low` does, `high` does not. */
  async #search(
    low: number,
    high: number,
    grain: number,
    passes: (value: number) => Promise<boolean>,
  ): Promise<number> {
    let [good, bad] = [low, high];
    while (bad - good > grain) {
      const middle = Math.floor((good + bad) / 2);
      if (await passes(middle)) good = middle;
      else bad = middle;
    }
    return good;
  }

  /** What the far end puts together; only where fragments get there at all. */
  async #farEnd(): Promise<void> {
    if (!passed(this.#outcomes.get('fragments-small'))) return;
    for (const count of FRAGMENT_COUNTS) {
      if (!(await this.#askAtPace(ofFragments(count)))) break;
    }
    if (this.#options.fast) return;
    this.#note(`waiting for the far end's reassembly time, at most ${WAITS_S.at(-1)! + 2} s (--fast leaves this out)`);
    for (const outcome of await this.#prober.askWaits(WAITS_S, this.#signal)) {
      this.#outcomes.set(outcome.probe.name, outcome);
    }
  }

  /** Half a minute and more, so only where it tells something: fragments are lost, and nobody there reports which. */
  async #waitForTimeExceeded(): Promise<void> {
    const small = this.#outcomes.get('fragments-small');
    if (this.#options.fast || small === undefined || passed(small)) return;
    if (small.arrivals.length > 0 || this.#prober.kind === 'report') return;
    const probe = firstOnly(this.#family);
    this.#note(
      `waiting for what the far end says of a first fragment alone, at most ${probe.patienceMs / 1000} s (--fast leaves this out)`,
    );
    await this.#ask(probe);
  }
}

function slowly(probe: Probe): Probe {
  return { ...probe, count: 1, gapMs: CLOSED_PORT_GAP_MS, patienceMs: probe.patienceMs ?? 1_500 };
}
