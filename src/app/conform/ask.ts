import { plan } from '../../faults/plan.js';
import type { FragmentPlan } from '../../ufo/plan.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { ICMP_TYPES, type IcmpAnswer } from '../common/icmp-sighting.js';
import type { Answer, Prober } from './prober.js';
import type { Rule } from './rules/rule.js';
import { probeOf, taggedUnits, UNIT } from './tagged.js';

/** How a receiver lets us know that it has put a datagram together. */
export type AnswerKind = 'echo' | 'report' | 'port unreachable';

/** Whether it answers each datagram at once, and tells its octets. */
export function tellsOctets(kind: AnswerKind): boolean {
  return kind !== 'port unreachable';
}

/** Time for an answer, milliseconds. */
export const ECHO_MS = 400;
/** Linux sends one port unreachable a second to a host (icmp_ratelimit), others no fewer. */
export const ICMP_MS = 1100;
/** Times that a plain datagram is sent before nobody is said to answer. */
const KIND_TIMES = 4;
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
