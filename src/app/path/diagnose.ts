import type { Arrival } from '../common/arrival.js';
import type { Evidence } from './evidence.js';
import { FINDINGS, type Finding, type FindingCode } from './finding.js';
import { limited } from './limited.js';
import { lossOf, lossy } from './loss.js';
import { type AnswerKind, type Outcome, type ProbeName, passed, unasked } from './probe.js';

/** What the evidence shows, the gravest first; none where nothing stands out. */
export function diagnose(evidence: Evidence): Finding[] {
  const small = evidence.outcomes.get('small');
  if (!passed(small)) return [unreachable(small)];
  const asked = { ...evidence, outcomes: new Map([...evidence.outcomes].filter(([, one]) => !unasked(one))) };
  const found = [
    ...fragmentsLost(asked),
    ...lossy(asked.outcomes),
    ...limited(asked),
    ...shapes(asked),
    ...pathMtu(asked),
    ...changed(asked),
  ];
  const all = [...(found.length === 0 ? notKnown(asked) : found), ...notSent(evidence)];
  return all.sort((a, b) => FINDINGS.indexOf(a.code) - FINDINGS.indexOf(b.code));
}

/** What the path was not asked says nothing of it. */
function notSent({ outcomes }: Evidence): Finding[] {
  const unsent = [...outcomes.values()].filter(unasked);
  if (unsent.length === 0) return [];
  const whys = [...new Set(unsent.flatMap(({ failed }) => failed ?? []))].join('; ');
  const says = `not all could be asked (${whys}): ${unsent.map(({ probe }) => probe.title).join('; ')}`;
  return [{ code: 'not-sent', says, next: 'another --driver, and what filters packets on their way out of this host' }];
}

/** Something does not pass, and nothing known fits. Bursts aside: what a machine loses of those says little. */
function notKnown({ outcomes, kind }: Evidence): Finding[] {
  const lost = [...outcomes.values()].filter(
    (one) => !passed(one) && !/^(burst|limit|wait|first)/.test(one.probe.name),
  );
  if (lost.length === 0) return [];
  const says = `not all passes, and why is not known: ${lost.map(({ probe }) => probe.title).join('; ')}`;
  const next =
    kind === 'report'
      ? 'ask again: what is lost each time is no chance'
      : 'the way back may lose it, too: udp-ufo receive PORT --report there tells more';
  return [{ code: 'not-known', says, next }];
}

function unreachable(small: Outcome | undefined): Finding {
  const why = small?.failed ?? 'nothing comes back, no report, no echo, no ICMP port unreachable';
  return {
    code: 'unreachable',
    says: `not even small packets are answered for: ${why}`,
    next: 'is the host up, and its ICMP not filtered? udp-ufo receive PORT --report there answers best',
  };
}

/** Small packets pass; do fragments as small pass? */
function fragmentsLost({ outcomes, kind }: Evidence): Finding[] {
  const small = outcomes.get('fragments-small');
  if (small === undefined || passed(small)) return [];
  if (small.arrived > 0) return [someLost(kind)]; // no filter lets one pass and drops the other
  const parts = small.arrivals.filter(isPart);
  const firsts = parts.filter(({ packets }) => packets?.first).length;
  const laters = parts.filter(({ packets }) => packets !== null && packets.fragments > (packets.first ? 1 : 0)).length;
  const watched = outcomes.get('small')!.arrivals.some(({ packets }) => packets !== null);
  const alone = outcomes.get('first-only');
  // That first fragments arrive tells nothing of an echo's way back.
  const firstsAlone = alone?.timeExceededMs && kind !== 'echo';
  if ((firsts > 0 && laters === 0) || firstsAlone) return [laterDropped(alone)];
  if (laters > 0 && firsts === 0) {
    const next =
      'a filter that wants to see a whole header, or one against fragments with ports: its log, its counters';
    return [{ code: 'first-dropped', says: 'first fragments are dropped on this path; later ones pass', next }];
  }
  if (watched && parts.length === 0) {
    const next =
      'a firewall that drops fragments (DNS and VPN users know it), or a load balancer that does not know them';
    return [{ code: 'fragments-dropped', says: 'no fragment passes, first or later', next }];
  }
  return [someLost(kind)];
}

function someLost(kind: AnswerKind | null): Finding {
  const next =
    kind === 'report' ? 'let receive --report capture there (root)' : 'udp-ufo receive PORT --report there tells which';
  const says =
    kind === 'echo'
      ? 'datagrams in fragments do not come back; which fragments are lost, there or on the way back, is not known'
      : 'datagrams in fragments do not arrive; which fragments are lost is not known';
  return { code: 'fragments-lost', says, next };
}

function laterDropped(alone: Outcome | undefined): Finding {
  const seen = alone?.timeExceededMs
    ? ` (the far end gave up waiting after ${(alone.timeExceededMs / 1000).toFixed(1)} s)`
    : '';
  return {
    code: 'later-dropped',
    says: `later fragments are dropped on this path; first ones pass${seen}`,
    next: 'a stateless filter on ports, which later fragments do not have: allow fragments, or track connections',
  };
}

/** Kinds of fragments that are dropped where plain ones pass. */
function shapes({ family, outcomes }: Evidence): Finding[] {
  const byChance = lossOf(outcomes) !== null;
  const lost = (name: ProbeName): boolean => {
    const outcome = outcomes.get(name);
    return outcome !== undefined && (byChance ? outcome.arrived === 0 : !passed(outcome));
  };
  const found: Finding[] = [];
  const options = family === 4 ? 'IPv4 options' : 'hop-by-hop or destination options';
  if (lost('options')) {
    found.push({
      code: 'options-dropped',
      says: `packets with ${options} are dropped`,
      next: 'common: see RFC 7126, RFC 9288',
    });
  }
  if (lost('fragments-small')) return found;
  if (lost('tiny')) {
    const says = 'datagrams with a tiny first fragment do not arrive (RFC 1858, RFC 3128 ask filters for that)';
    found.push({ code: 'tiny-dropped', says, next: 'nothing, where nobody sends such fragments on purpose' });
  }
  if (lost('reverse')) {
    const says = 'fragments that come before the first one are dropped';
    found.push({ code: 'order-dropped', says, next: 'a filter that knows a datagram by its first fragment only' });
  }
  if (lost('options-fragments') && !lost('options')) {
    const says = `fragments with ${options} are dropped; whole packets with them pass`;
    found.push({ code: 'options-fragments-dropped', says, next: 'the filter rules for fragments' });
  }
  return found;
}

function pathMtu({ outcomes }: Evidence): Finding[] {
  const told = [...outcomes.values()].flatMap(({ tooBig }) => tooBig);
  if (told.length === 0) return [];
  const mtu = Math.min(...told.map((one) => one.mtu));
  const by = told.find((one) => one.mtu === mtu)!.by;
  const says = `the path carries packets of ${mtu} octets, as ICMP from ${by ?? 'somebody'} says; what was sent after that was cut for it`;
  return [{ code: 'path-mtu', says, next: 'nothing: this is how it should be' }];
}

/** What arrived otherwise than it was sent. */
function changed({ outcomes }: Evidence): Finding[] {
  const found: Finding[] = [];
  const all = [...outcomes.values()];
  const damaged = all.reduce((sum, one) => sum + one.damaged, 0);
  const add = (code: FindingCode, says: string, next: string) => found.push({ code, says, next });
  if (damaged > 0)
    add('damaged', `${damaged} datagrams arrived with another payload`, 'memory and offloads on the way');
  // Of packets that are whole: a receiver drops fragments that come twice.
  const whole = [outcomes.get('small'), outcomes.get('full')].filter((one) => one !== undefined);
  if (whole.some(({ extra, arrived }) => extra > 0 && extra * 2 >= arrived)) {
    add('duplicated', 'datagrams arrive more than once', 'mirrors, loops and bonds on the way');
  }
  if (all.some(overtook)) add('reordered', 'packets overtake each other', 'links side by side that balance by packet');
  const translated = all.flatMap((one) => one.arrivals.filter((arrival) => isTranslated(one, arrival)))[0];
  if (translated !== undefined) {
    const end = `${translated.source} port ${translated.sourcePort}`;
    add('translated', `the source is translated: ${end} there`, 'a NAT, which has to reassemble to know the ports');
  }
  if (reassembled(outcomes)) {
    const says = 'somebody on the way reassembles datagrams and cuts them again: sizes and order of fragments change';
    add('reassembled', says, 'connection tracking (conntrack) or a NAT: what it has no room for is lost there');
  }
  return [...found, ...headerChanges(outcomes)];
}

function headerChanges(outcomes: Evidence['outcomes']): Finding[] {
  const found: Finding[] = [];
  const ttl = (name: ProbeName): number | undefined => wholePackets(outcomes.get(name))[0]?.ttl;
  const [usual, high] = [ttl('small'), ttl('ttl')];
  if (usual !== undefined && high !== undefined && 64 - usual !== 128 - high) {
    const says = `TTL is rewritten: sent 64 and 128, arrived ${usual} and ${high}`;
    found.push({ code: 'ttl-rewritten', says, next: 'traceroute will not show what lies behind it' });
  }
  if (wholePackets(outcomes.get('full-df')).some(({ dontFragment }) => !dontFragment)) {
    found.push({
      code: 'df-cleared',
      says: 'DF is cleared on the way',
      next: 'path MTU discovery does not work through it',
    });
  }
  if (wholePackets(outcomes.get('options')).some(({ optionsLen }) => optionsLen === 0)) {
    found.push({
      code: 'options-stripped',
      says: 'options are taken out on the way',
      next: 'a firewall that normalizes',
    });
  }
  return found;
}

/** Small packets and fragments sent apart in time or in order, seen in another order. */
function overtook({ probe, overtaken, arrivals }: Outcome): boolean {
  if (overtaken > 0) return true;
  return probe.plan === undefined && arrivals.some(({ packets }) => packets !== null && !packets.inOrder);
}

function isTranslated({ source, probe }: Outcome, arrival: Arrival): boolean {
  if (arrival.length === null || probe.name === 'first-only') return false;
  return arrival.source !== source.address.replace(/%.*/, '') || arrival.sourcePort !== source.port;
}

/** A first fragment of 8 octets that has grown, or fragments sent backwards that arrive forwards. */
function reassembled(outcomes: Evidence['outcomes']): boolean {
  const grown = wholePackets(outcomes.get('tiny')).some(({ sizes, fragments }) => fragments === 0 || sizes[0]![0] > 8);
  const turned = wholePackets(outcomes.get('reverse'));
  return grown || (turned.length > 0 && turned.every(({ inOrder }) => inOrder));
}

function wholePackets(outcome: Outcome | undefined) {
  return (outcome?.arrivals ?? []).flatMap(({ length, packets }) =>
    length === null || packets === null ? [] : [packets],
  );
}

function isPart({ length }: Arrival): boolean {
  return length === null;
}
