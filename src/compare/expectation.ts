import { checkFunction, checkIterable, checkObject, refuseUnknown } from '../checks.js';
import { typeError } from '../errors.js';
import { isSure } from '../payload/generated.js';
import { type DatagramVerdict, outcome } from '../verify/verdict.js';
import { Account } from './account.js';
import { amended, changedText, notAsSent } from './amended.js';
import { Came } from './came.js';
import type { Comparison } from './comparison.js';
import { cutDifferences } from './cut.js';
import { type Difference, differenceText } from './difference.js';
import type { ExpectedDatagram } from './expected.js';
import { asVerdictsWrite, checkExpected } from './expected-fields.js';
import { fieldDifferences } from './fields.js';
import { cameWhole, flowOf } from './names.js';
import { NumberTally } from './numbers.js';
import { type OpenDatagram, OpenDatagrams } from './open-datagrams.js';
import { OrderTally } from './order.js';
import { type Fault, generatedFault, payloadDifferences } from './payload.js';
import { isUnreadable, matchPlanned, type PlannedMatch, plannedText } from './planned.js';
import { Unnumbered } from './unnumbered.js';

export interface ExpectationOptions {
  /** Nothing may change on the way: for the sender's own link, or by the user's wish. Default false. */
  readonly strict?: boolean;
  /**
   * Nobody tells what was sent: generated payloads are held against what they say of themselves, and their numbers against
   * each other. `all`: the first number is 0; `running`: whatever comes first.
   */
  readonly generated?: 'all' | 'running';
  /** The sender sends the same packets again on purpose, as one who replays does. Default false. */
  readonly repeats?: boolean;
  /** What is about others is none of our business. Default: everything is ours. */
  readonly owns?: (verdict: DatagramVerdict) => boolean;
}

/** What one verdict means for what was sent. */
export interface Held {
  /** The verdict with what differs from what was sent. */
  readonly verdict: DatagramVerdict;
  /** Undefined for what was not expected, or came once more. */
  readonly expected: ExpectedDatagram | undefined;
  readonly differences: readonly Difference[];
}

/** Which generated payload it is. */
interface Told {
  readonly seed: number;
  readonly sequence: number;
}

/** What is told from the UDP header. */
const UDP_FIELDS = ['sourcePort', 'destinationPort', 'udp checksum'];

/**
 * What was sent, to be held against what came: each final verdict of a `Verifier` with `sightings` goes to `take`, and
 * `result` tells after the end how the two compare. A datagram is known again by the seed and sequence in its payload, else
 * by its ident, its digest or hash, or as the next of its length.
 * @example
 * ```js
 * import { capture, createSocket, Expectation, verify } from 'udp-ufo';
 *
 * const seen = await capture({ interface: 'near0', filter: 'ip proto 17' });
 * const socket = createSocket('udp4');
 * const { ident } = await socket.send(new Uint8Array(4000), { address: '192.0.2.2', port: 9999 });
 * await socket.close();
 * await seen.close();
 * const expect = new Expectation([{ ident, fragments: 3, destinationPort: 9999, payload: { length: 4000 } }]);
 * for await (const { verdict } of verify(seen, { expect })) console.log(verdict); // good
 * console.log(expect.missing().length); // 0
 * ```
 */
export class Expectation {
  readonly #account: Account;
  readonly #repeats: boolean;
  readonly #owns: (verdict: DatagramVerdict) => boolean;
  readonly #generated: boolean;
  readonly #numbers: NumberTally;
  readonly #unnumbered = new Unnumbered();
  readonly #open = new OpenDatagrams();
  readonly #came = new Came();
  readonly #order = new OrderTally();
  readonly #count = {
    good: 0,
    planned: 0,
    bad: 0,
    incomplete: 0,
    stopped: 0,
    doubled: 0,
    unexpected: 0,
  };
  #told = 0;
  /** Incomplete ones of which nobody knows whose they are. */
  #strays = 0;
  #uncompared = 0;
  #overflowed = false;
  #wantsHash = false;
  #allowsZeroChecksum = false;
  #stopped = 0;
  #packets = 0;

  /** @throws UfoError (TypeError) for what nobody can have sent, or an option that is none */
  constructor(expected: Iterable<ExpectedDatagram> = [], options: ExpectationOptions = {}) {
    checkIterable('expected', expected, 'an iterable of datagrams that were sent');
    checkOptions(options);
    this.#account = new Account(options.strict ?? false);
    this.#repeats = options.repeats ?? false;
    this.#owns = options.owns ?? (() => true);
    this.#generated = options.generated !== undefined;
    this.#numbers = new NumberTally(options.generated === 'all');
    for (const one of expected) this.add(one);
  }

  /** Datagrams may be added while others already come. @throws UfoError (TypeError) for what nobody can have sent */
  add(given: ExpectedDatagram): void {
    checkExpected(given);
    this.addChecked(given);
  }

  /** What `parseSent` has read, and so checked. @internal */
  addChecked(given: ExpectedDatagram): void {
    const expected = asVerdictsWrite(given);
    const order = this.#order.next(flowOf(expected));
    this.#told += 1;
    if (expected.stoppedAfter !== undefined) this.#stopped += 1;
    if (expected.planned?.packets.length === 0) {
      this.#count.planned += 1; // nothing of it was sent
      return;
    }
    if ('sha256' in expected.payload) this.#wantsHash = true;
    if (expected.headers?.checksum === 'zero') this.#allowsZeroChecksum = true;
    if (this.#open.add({ expected, order })) return;
    this.#uncompared += 1;
    this.#overflowed = true;
  }

  /** Some payloads are known by their SHA-256 alone: verdicts should have it. */
  get wantsHash(): boolean {
    return this.#wantsHash;
  }

  /** Some were sent without a UDP checksum, over IPv6 too: that is none of their faults (RFC 6935). */
  get allowsZeroChecksum(): boolean {
    return this.#allowsZeroChecksum;
  }

  /** Datagrams told so far. */
  get told(): number {
    return this.#told;
  }

  /** Datagrams judged so far, as far as they were told. */
  get judged(): number {
    const { good, planned, bad, incomplete, stopped } = this.#count;
    return good + planned + bad + incomplete + stopped;
  }

  /** What was sent and has not come at all. */
  missing(): ExpectedDatagram[] {
    return this.#open.missing();
  }

  /** Holds a final verdict against what was sent; null where it is none of ours. */
  take(verdict: DatagramVerdict): Held | null {
    if (verdict?.type !== 'datagram')
      throw typeError('verdict', verdict, 'a verdict of a datagram, as verify gives it');
    const planned = this.#open.findPlanned(verdict); // whose ports a plan may have changed
    if (planned === undefined && !this.#owns(verdict)) return null;
    this.#packets += Math.max(1, verdict.fragments) + verdict.duplicates;
    if (planned !== undefined) return this.#holdPlanned(planned, verdict);
    if (verdict.duplicates > 0 && !this.#repeats)
      this.#countDoubled(`${verdict.duplicates} of its packets came once more`);
    const entry = this.#came.hasPayload(verdict) ? undefined : this.#open.find(verdict);
    if (entry?.expected.planned !== undefined) return this.#holdPlanned(entry, verdict);
    if (entry !== undefined) return this.#hold(entry, verdict);
    return this.#generated ? this.#holdSelf(verdict) : this.#surplus(verdict);
  }

  result(end: { readonly captureLost: number | null }): Comparison {
    checkObject('end', end, 'an object with captureLost, the frames that the capture lost, or null');
    const { captureLost } = end;
    const { good, planned, bad, incomplete, doubled, unexpected, stopped } = this.#count;
    const numbers = this.#numbers.figures;
    const { late, lateBy } = this.#order.figures;
    const counts = {
      expected: this.#generated && this.#told === 0 ? null : this.#told - this.#stopped,
      ...{ good, planned, bad, incomplete },
      missing:
        Math.max(0, this.missing().length - this.#strays) + Math.max(0, numbers.missing - this.#unnumbered.count),
      ...{ stopped, doubled: doubled + numbers.doubled },
      late: late + numbers.late,
      lateBy: Math.max(lateBy, numbers.lateBy),
      unexpected,
      uncompared: this.#uncompared,
      packets: this.#packets,
      captureLost,
    };
    return this.#account.comparison(counts);
  }

  /** Came as its plan made it, it is right, whatever the RFCs say of it; of what came only in part nothing is wrong. */
  #holdPlanned(entry: OpenDatagram, verdict: DatagramVerdict): Held {
    const { expected, order } = entry;
    const planned = expected.planned!;
    this.#close(entry);
    const match = matchPlanned(planned, verdict);
    if (match.copies > 0 && !this.#repeats && this.#open.findPlanned(verdict) === undefined)
      this.#countDoubled(`${match.copies} of its packets came once more than planned`);
    if (match.lost === 0) this.#order.came(flowOf(expected), order);
    const fields = fieldDifferences(expected, verdict);
    const unread: readonly string[] = verdict.ident === null ? [...UDP_FIELDS, 'ident'] : UDP_FIELDS;
    const readable = isUnreadable(planned) ? fields.filter(({ field }) => !unread.includes(field)) : fields;
    const differences = [...readable, ...this.#plannedPayload(expected, verdict, match)];
    const [faults, changed] = this.#texts(differences);
    faults.push(...match.strange.map(notAsSent));
    const isSeen = match.lost === 0 && !verdict.cut; // what the capture left out nobody has looked at
    const kind = !isSeen ? 'incomplete' : planned.verdict === 'good' ? 'good' : 'planned';
    if (kind === 'planned' && faults.length === 0) {
      changed.push(notAsSent(plannedText(planned)));
      this.#account.sayPlanned(`ident ${verdict.ident}: ${plannedText(planned)}`);
    }
    const held = amended(verdict, faults, changed, kind);
    if (expected.stoppedAfter !== undefined && held.verdict !== 'bad') this.#count.stopped += 1;
    else this.#count[held.verdict as 'good' | 'planned' | 'bad' | 'incomplete'] += 1;
    for (const { text } of faults) this.#account.say(text);
    return { verdict: held, expected, differences };
  }

  /** What came first wins an overlap, so that its octets are told only where the order is as it was. */
  #plannedPayload(
    { planned, payload }: ExpectedDatagram,
    verdict: DatagramVerdict,
    { lost, inOrder }: PlannedMatch,
  ): Difference[] {
    const untold = planned!.faults.includes('missing') || isUnreadable(planned!);
    if (!verdict.complete || lost > 0 || untold || (planned!.faults.includes('overlap') && !inOrder)) return [];
    const ofPayload = payloadDifferences(payload, verdict);
    if (ofPayload === null) this.#uncompared += 1;
    return ofPayload ?? [];
  }

  /** As faults, and as what may have changed on the way. */
  #texts(differences: readonly Difference[]): [faults: Fault[], changed: Fault[]] {
    const [faults, changed] = this.#account.differ(differences);
    return [faults.map((one) => notAsSent(differenceText(one))), changed.map((one) => notAsSent(changedText(one)))];
  }

  #close(entry: OpenDatagram): void {
    this.#open.close(entry);
    this.#came.add(entry.expected);
  }

  #hold(entry: OpenDatagram, verdict: DatagramVerdict): Held {
    const { expected, order } = entry;
    this.#close(entry);
    const differences = fieldDifferences(expected, verdict);
    if (cameWhole(verdict)) {
      this.#order.came(flowOf(expected), order);
      const ofPayload = payloadDifferences(expected.payload, verdict);
      if (ofPayload === null) this.#uncompared += 1;
      differences.push(...cutDifferences(expected, verdict), ...(ofPayload ?? []));
    }
    const [faults, changed] = this.#texts(differences);
    return { verdict: this.#judged(verdict, expected, faults, changed), expected, differences };
  }

  /** Counts the verdict as what it is once the differences are in it. */
  #judged(
    verdict: DatagramVerdict,
    expected: ExpectedDatagram | null,
    faults: readonly Fault[],
    changed: readonly Fault[],
  ): DatagramVerdict {
    const held = faults.length + changed.length === 0 ? verdict : amended(verdict, faults, changed);
    const stopped = held.verdict === 'incomplete' && expected?.stoppedAfter !== undefined;
    this.#count[stopped ? 'stopped' : outcome(held.verdict)] += 1;
    for (const text of verdict.mismatches) this.#account.say(text); // what differs is counted by its kind
    return held;
  }

  /** What nobody told of, by what it says of itself. */
  #holdSelf(verdict: DatagramVerdict): Held {
    const told = verdict.seen?.payload?.told ?? null;
    const fault =
      cameWhole(verdict) && verdict.udp !== null && verdict.payloadLen !== null && !isOffloaded(verdict, told)
        ? generatedFault(told, verdict.payloadLen)
        : null;
    if (told !== null && fault === null && verdict.verdict !== 'spliced') this.#number(told, verdict);
    else this.#numberFaulty(verdict);
    const faults = fault === null ? [] : [fault];
    if (fault !== null) this.#account.say(fault.text);
    return { verdict: this.#judged(verdict, null, faults, []), expected: undefined, differences: [] };
  }

  /** Takes the number of one that came. */
  #number({ seed, sequence }: Told, { source, udp, seen, complete }: DatagramVerdict, port = udp?.sourcePort): void {
    this.#unnumbered.numbered(seen?.time ?? 0);
    const fresh = this.#numbers.add(`${seed}`, sequence, `${source} ${port}`, complete);
    if (!fresh) this.#account.say(`datagram ${sequence} of seed ${seed} came once more`);
  }

  /**
   * One that is wrong, or not whole, is not missing too. Its number is believed where the octets behind it are that number's;
   * else it is one of those between the others, unless nothing came behind it.
   */
  #numberFaulty(verdict: DatagramVerdict): void {
    const { begins, payload, time = 0 } = verdict.seen ?? {};
    const told = payload?.told;
    if (verdict.verdict === 'spliced') this.#unnumbered.add(time);
    else if (begins !== undefined) this.#number(begins, verdict, begins.sourcePort);
    else if (told && isSure(told)) this.#number(told, verdict);
    else this.#unnumbered.add(time);
  }

  /** What is open no more, or never was. */
  #surplus(verdict: DatagramVerdict): Held {
    const none = { expected: undefined, differences: [] };
    if (this.#overflowed) return { verdict, ...none };
    // Where packets of a plan are lost, the others may make other datagrams than they were meant for.
    if (this.#came.hasPlanned(verdict) && this.#count.incomplete > 0) {
      this.#strays += 1;
      return { verdict: this.#judged(amended(verdict, [], [], 'incomplete'), null, [], []), ...none };
    }
    if (verdict.verdict !== 'spliced' && this.#came.has(verdict)) {
      if (!this.#repeats) this.#countDoubled('it came once more');
      return { verdict, ...none };
    }
    if (!cameWhole(verdict)) {
      this.#strays += 1;
      return { verdict: this.#judged(verdict, null, [], []), ...none };
    }
    this.#count.unexpected += 1;
    const fault = 'payload got one that is not among those sent, or was seen already';
    this.#account.say(fault);
    const held = amended(verdict, [notAsSent(fault)], []);
    return { verdict: held, ...none };
  }

  #countDoubled(what: string): void {
    this.#count.doubled += 1;
    this.#account.say(what);
  }
}

const OPTIONS: readonly (keyof ExpectationOptions)[] = ['strict', 'generated', 'repeats', 'owns'];
const GENERATED: readonly unknown[] = [undefined, 'all', 'running'];

function checkOptions(options: ExpectationOptions): void {
  checkObject('options', options);
  refuseUnknown(options, OPTIONS, 'Expectation');
  const { generated, owns } = options;
  if (!GENERATED.includes(generated)) throw typeError('generated', generated, 'all or running');
  checkFunction('owns', owns, 'a function of a verdict');
}

/** Several datagrams that a device will cut or has joined, the first of which says the length of each. */
function isOffloaded({ offloaded }: DatagramVerdict, told: { readonly length: number } | null): boolean {
  return told !== null && offloaded?.length === told.length;
}
