import { setTimeout as sleep } from 'node:timers/promises';
import { plan } from '../../faults/plan.js';
import type { FragmentPlan } from '../../ufo/plan.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { ICMP_TYPES, type IcmpAnswer } from '../common/icmp-sighting.js';
import type { Echo } from './echoes.js';
import { casePayload, casePlan, type OverlapCase } from './overlap.js';
import type { Mixture } from './policies.js';
import type { Answer, Prober } from './prober.js';
import { RULES } from './rules/quick.js';
import type { Rule } from './rules/rule.js';
import { ownersOf, probeOf, taggedUnits, UNIT } from './tagged.js';

/** How a receiver lets us know that it has put a datagram together. */
export type AnswerKind = 'echo' | 'report' | 'port unreachable';

/** Whether it answers each datagram at once, and tells its octets. */
export function tellsOctets(kind: AnswerKind): boolean {
  return kind !== 'port unreachable';
}

/** Time for an answer, milliseconds. */
const ECHO_MS = 400;
/** And where it is asked again: who answers may be busy. */
const PATIENT_MS = 2_000;
/** Linux sends one port unreachable a second to a host (icmp_ratelimit), others no fewer. */
const ICMP_MS = 1100;
/** Times that a plain datagram is sent before nobody is said to answer. */
const KIND_TIMES = 4;
/** Overlap cases that are on their way at once. */
const BURST = 16;
const BURST_MS = 10;
/** Overlap cases whose answers are waited for together. */
const PART = 128;
/** Times that silent cases are asked. */
const MOST_TIMES = 6;
/** Silent cases behind one another that closed ports are let have before a plain datagram is sent. */
const MOST_SILENT = 4;
/** Longest that a receiver is waited for whose memory for fragments is full, milliseconds. */
const RECOVER_MS = 65_000;
const CONTROL: Readonly<Record<4 | 6, Rule>> = {
  4: RULES.find(({ family }) => family === 4)!,
  6: RULES.find(({ family }) => family === 6)!,
};
/** What of an address's last octet is turned for a neighbour of that host. */
const ANOTHER_HOST = 0x40;
/** Fragments of one datagram that go at once, and the pause behind them. */
const GENTLE_BURST = 128;
const GENTLE_MS = 5;

/**
 * What kind of answer a whole datagram gets; null where there is none, asked several times: what ended its reassembly time just
 * now may have used up the rate limit of ICMP.
 */
export async function findAnswerKind(prober: Prober): Promise<AnswerKind | null> {
  for (let times = 1; times <= KIND_TIMES; times++) {
    const ident = prober.nextIdent();
    const from = performance.now();
    await prober.send(taggedUnits(ident, 0, 0, 4), ident);
    const { echoes, icmp } = await prober.answer([ident], from, 2000, (one) => one.echoes.length + one.icmp.length > 0);
    if (echoes.length > 0) return prober.reports ? 'report' : 'echo';
    if (icmp.some((one) => isPortUnreachable(one, prober.path.family))) return 'port unreachable';
  }
  return null;
}

/** Time that one question takes at most, milliseconds: with ICMP the receiver's rate limit decides. */
export function waitFor(kind: AnswerKind): number {
  return tellsOctets(kind) ? ECHO_MS : ICMP_MS;
}

/** Asks a rule and waits for all there can be of an answer. */
export async function askRule(prober: Prober, rule: Rule, kind: AnswerKind): Promise<Answer> {
  const ident = prober.nextIdent();
  const from = performance.now();
  const { delivered, icmp } = rule.want;
  await prober.send(rulePayload(rule, ident), ident, gently(rulePlan(rule)));
  const enough = (one: Answer): boolean =>
    tellsOctets(kind) && delivered !== null && icmp === undefined && delivered > 0 && one.echoes.length >= delivered;
  const answer = await prober.answer([ident], from, waitFor(kind), enough);
  // The reassembly time of an earlier question may be over just now.
  const [timeExceeded] = ICMP_TYPES[rule.family].timeExceeded;
  return { ...answer, icmp: answer.icmp.filter((one) => one.type !== timeExceeded || one.ident === ident) };
}

/** The plan of a rule, with the second fragment's address as it has it. */
function rulePlan({ plan: steps, family, other }: Rule): FragmentPlan {
  const given = plan(steps);
  return other === undefined ? given : elsewhere(given, other, family);
}

function elsewhere(given: FragmentPlan, which: 'source' | 'destination', family: 4 | 6): FragmentPlan {
  const layout = family === 4 ? ipv4 : ipv6;
  const last = (which === 'source' ? layout.SOURCE : layout.DESTINATION) + (family === 4 ? 3 : 15);
  return {
    text: given.text,
    apply: (fragments, context) =>
      given.apply(fragments, context).map((one, i) => {
        if (i !== 1) return one;
        const header = Uint8Array.from(one.header);
        const base = context.linkLen;
        header[base + last]! ^= ANOTHER_HOST;
        if (family === 4) ipv4.fillChecksum(new DataView(header.buffer), base);
        return { ...one, header };
      }),
  };
}

/** Thousands of small fragments at once overrun a receiver's backlog (netdev_max_backlog) before its reassembly sees them. */
function gently(given: FragmentPlan): FragmentPlan {
  return {
    text: given.text,
    apply: (fragments, context) =>
      given
        .apply(fragments, context)
        .map((one, at) =>
          at > 0 && at % GENTLE_BURST === 0 ? { ...one, delay: Math.max(one.delay, GENTLE_MS) } : one,
        ),
  };
}

export function rulePayload({ size }: Rule, probe: number): Uint8Array {
  return taggedUnits(probe, 0, 0, Math.ceil(size / UNIT)).subarray(0, size);
}

/** Datagrams that the receiver has put together, as far as this kind of answer can tell. */
export function deliveredIn({ echoes, icmp }: Answer, kind: AnswerKind, family: 4 | 6): number {
  return tellsOctets(kind) ? echoes.length : icmp.filter((one) => isPortUnreachable(one, family)).length;
}

/** Sends overlap cases, `burst` of them behind one another, and tells for each whose octets were delivered. */
export async function askOverlaps(
  prober: Prober,
  cases: readonly OverlapCase[],
  kind: AnswerKind,
  signal: AbortSignal,
  burst = BURST,
): Promise<Mixture[]> {
  return tellsOctets(kind) ? askAtOnce(prober, cases, kind, burst, signal) : askInTurn(prober, cases, signal);
}

/**
 * Part by part, as they are answered at once: each answer says by its octets which question it is of. What was not answered
 * is asked again, for a question may be lost; and what a receiver keeps of datagrams that it never completes may fill its
 * memory for fragments, which is waited for.
 */
async function askAtOnce(
  prober: Prober,
  cases: readonly OverlapCase[],
  kind: AnswerKind,
  burst: number,
  signal: AbortSignal,
): Promise<Mixture[]> {
  const found: Mixture[] = [];
  for (let from = 0; from < cases.length; from += PART) {
    found.push(...(await askPart(prober, cases.slice(from, from + PART), kind, burst, signal)));
  }
  return found;
}

async function askPart(
  prober: Prober,
  cases: readonly OverlapCase[],
  kind: AnswerKind,
  burst: number,
  signal: AbortSignal,
): Promise<Mixture[]> {
  const part = new AskedPart(prober, cases, burst);
  for (let times = 1; times <= MOST_TIMES; times++) {
    await part.ask(times === 1 ? ECHO_MS : PATIENT_MS, signal);
    if (part.isAnswered) break;
    // Silence counts where a plain datagram is answered right behind it, and the second time: questions are lost, too.
    const isAwake = await answersNow(prober, kind);
    if (isAwake && times > 1) break;
    if (!isAwake) await reassembles(prober, kind, signal);
  }
  return part.mixtures;
}

/** Cases that are asked together. An answer counts whichever of the questions about its case it is to: it may be late. */
class AskedPart {
  readonly mixtures: Mixture[];
  readonly #prober: Prober;
  readonly #cases: readonly OverlapCase[];
  readonly #burst: number;
  /** Under which ident each was asked, and the place of its case. */
  readonly #asked = new Map<number, number>();
  readonly #from = performance.now();

  constructor(prober: Prober, cases: readonly OverlapCase[], burst: number) {
    this.#prober = prober;
    this.#cases = cases;
    this.#burst = burst;
    this.mixtures = cases.map(() => 'none');
  }

  get isAnswered(): boolean {
    return !this.mixtures.includes('none');
  }

  /** Asks the cases that nothing was heard of, and gives their answers `ms`. */
  async ask(ms: number, signal: AbortSignal): Promise<void> {
    let sent = 0;
    for (const [at, one] of this.#cases.entries()) {
      if (this.mixtures[at] !== 'none') continue;
      signal.throwIfAborted();
      const ident = this.#prober.nextIdent();
      this.#asked.set(ident, at);
      await this.#prober.send(casePayload(one, ident), ident, casePlan(one, ident));
      if (++sent % this.#burst === 0) await sleep(BURST_MS);
    }
    const { echoes } = await this.#prober.answer([...this.#asked.keys()], this.#from, ms, (answer) => {
      this.#read(answer.echoes);
      return this.isAnswered;
    });
    this.#read(echoes);
  }

  #read(echoes: readonly Echo[]): void {
    for (const { payload } of echoes) {
      const probe = probeOf(payload);
      const at = this.#asked.get(probe);
      if (at !== undefined) this.mixtures[at] = ownersOf(payload, probe);
    }
  }
}

/**
 * Whether the receiver puts fragments together just now; waits until it does, since after many that it could not complete
 * its memory for them may be full until its reassembly time is over.
 */
export async function reassembles(prober: Prober, kind: AnswerKind, signal: AbortSignal): Promise<boolean> {
  for (const end = performance.now() + RECOVER_MS; performance.now() < end; await sleep(2 * waitFor(kind))) {
    signal.throwIfAborted();
    if (await answersNow(prober, kind)) return true;
  }
  return false;
}

async function answersNow(prober: Prober, kind: AnswerKind): Promise<boolean> {
  const { family } = prober.path;
  return deliveredIn(await askRule(prober, CONTROL[family], kind), kind, family) > 0;
}

/**
 * Silence is asked again: the receiver's rate limit, which others use up too, may have swallowed the answer. After several
 * silent ones a plain datagram shows whether the receiver puts anything together just now; if not, they are asked once more.
 */
async function askInTurn(prober: Prober, cases: readonly OverlapCase[], signal: AbortSignal): Promise<Mixture[]> {
  const found: Mixture[] = [];
  let silent: number[] = [];
  for (const [at, one] of cases.entries()) {
    found.push(await askTwice(prober, one, signal));
    silent = found[at] === 'none' ? [...silent, at] : [];
    if (silent.length < MOST_SILENT && at < cases.length - 1) continue;
    if (silent.length > 0 && !(await answersNow(prober, 'port unreachable'))) {
      await reassembles(prober, 'port unreachable', signal);
      for (const again of silent) found[again] = await askTwice(prober, cases[again]!, signal);
    }
    silent = [];
  }
  return found;
}

async function askTwice(prober: Prober, one: OverlapCase, signal: AbortSignal): Promise<Mixture> {
  signal.throwIfAborted();
  const mixture = await askAlone(prober, one);
  return mixture === 'none' ? askAlone(prober, one) : mixture;
}

async function askAlone(prober: Prober, one: OverlapCase): Promise<Mixture> {
  const ident = prober.nextIdent();
  const from = performance.now();
  await prober.send(casePayload(one, ident), ident, casePlan(one, ident));
  const { icmp } = await prober.answer([ident], from, ICMP_MS, () => false);
  const quoted = icmp.find((told) => isPortUnreachable(told, prober.path.family) && probeOf(told.payload) === ident);
  return mixtureOf(quoted?.payload.subarray(0, UNIT * (one.units - 1)), ident);
}

function mixtureOf(payload: Uint8Array | undefined, probe: number): Mixture {
  return payload === undefined ? 'none' : ownersOf(payload, probe);
}

/**
 * Whether an error is about the datagram sent under `ident`. A port unreachable quotes what was put together, in IPv6 without
 * a fragment header, so that its payload must tell.
 */
export function isAbout({ ident: quoted, payload }: IcmpAnswer, ident: number): boolean {
  return quoted === ident || (quoted === null && probeOf(payload) === ident);
}

export function isPortUnreachable({ type, code }: { type: number; code: number }, family: 4 | 6): boolean {
  const [wantType, wantCode] = ICMP_TYPES[family].portUnreachable;
  return type === wantType && code === wantCode;
}
