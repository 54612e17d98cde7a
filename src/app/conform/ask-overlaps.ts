import { setTimeout as sleep } from 'node:timers/promises';
import { ECHO_MS, ICMP_MS, isPortUnreachable, tellsOctets } from './ask.js';
import type { Echo } from './echoes.js';
import { casePayload, casePlan, type OverlapCase, type Owners } from './overlap.js';
import type { Mixture } from './policies.js';
import type { Prober } from './prober.js';
import type { Receiver } from './receiver.js';
import { ownersOf, probeOf, UNIT } from './tagged.js';

/** Time for an answer where it is asked again, milliseconds: who answers may be busy. */
const PATIENT_MS = 2_000;
/** Overlap cases that are on their way at once. */
const BURST = 16;
const BURST_MS = 10;
/** Overlap cases whose answers are waited for together. */
const PART = 128;
/** Times that silent cases are asked. */
const MOST_TIMES = 6;
/** Silent cases behind one another that closed ports are let have before a plain datagram is sent. */
const MOST_SILENT = 4;

/**
 * Sends overlap cases, `burst` of them behind one another, and tells for each whose octets were delivered; `not settled` where
 * nothing came back, and nothing of a plain datagram either.
 */
export async function askOverlaps(receiver: Receiver, cases: readonly OverlapCase[], burst = BURST): Promise<Owners[]> {
  return tellsOctets(receiver.kind) ? askAtOnce(receiver, cases, burst) : askInTurn(receiver, cases);
}

/**
 * Part by part, as they are answered at once: each answer says by its octets which question it is of. What was not answered
 * is asked again, for a question may be lost; and what a receiver keeps of datagrams that it never completes may fill its
 * memory for fragments, which is waited for.
 */
async function askAtOnce(receiver: Receiver, cases: readonly OverlapCase[], burst: number): Promise<Owners[]> {
  const found: Owners[] = [];
  for (let from = 0; from < cases.length; from += PART) {
    found.push(...(await askPart(receiver, cases.slice(from, from + PART), burst)));
  }
  return found;
}

async function askPart(receiver: Receiver, cases: readonly OverlapCase[], burst: number): Promise<readonly Owners[]> {
  const part = new AskedPart(receiver.prober, cases, burst);
  for (let times = 1; times <= MOST_TIMES; times++) {
    await part.ask(times === 1 ? ECHO_MS : PATIENT_MS, receiver.signal);
    if (part.isAnswered) return part.mixtures;
    // Silence counts where a plain datagram is answered right behind it, and the second time: questions are lost, too.
    const isAwake = await receiver.answersNow();
    if (isAwake && times > 1) return part.mixtures;
    if (!isAwake && !(await receiver.recovers())) break;
  }
  return part.mixtures.map((mixture) => (mixture === 'none' ? 'not settled' : mixture));
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
 * Silence is asked again: the receiver's rate limit, which others use up too, may have swallowed the answer. After several
 * silent ones a plain datagram shows whether the receiver puts anything together just now; if not, they are asked once more.
 */
async function askInTurn(receiver: Receiver, cases: readonly OverlapCase[]): Promise<Owners[]> {
  const found: Owners[] = [];
  let silent: number[] = [];
  for (const [at, one] of cases.entries()) {
    found.push(await askTwice(receiver, one));
    silent = found[at] === 'none' ? [...silent, at] : [];
    if (silent.length < MOST_SILENT && at < cases.length - 1) continue;
    if (!(await settleSilent(receiver, cases, found, silent))) break;
    silent = [];
  }
  return cases.map((_one, at) => found[at] ?? 'not settled');
}

/** False: it puts nothing together, and went on so for as long as it is waited for. */
async function settleSilent(
  receiver: Receiver,
  cases: readonly OverlapCase[],
  found: Owners[],
  silent: readonly number[],
): Promise<boolean> {
  if (silent.length === 0 || (await receiver.answersNow())) return true;
  const recovers = await receiver.recovers();
  if (recovers) for (const at of silent) found[at] = await askTwice(receiver, cases[at]!);
  const open = silent.filter((at) => found[at] === 'none');
  if (recovers && (open.length === 0 || (await receiver.answersNow()))) return true;
  for (const at of open) found[at] = 'not settled';
  return recovers;
}

async function askTwice({ prober, signal }: Receiver, one: OverlapCase): Promise<Mixture> {
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
