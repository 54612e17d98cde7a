import { grouped } from '../../report/grouped.js';
import type { Evidence } from './evidence.js';
import type { Finding } from './finding.js';
import { lossOf } from './loss.js';
import { type Outcome, passed } from './probe.js';

/** What passes in small numbers or sizes and not in large ones. */
export function limited(evidence: Evidence): Finding[] {
  const { kind, outcomes, largestDatagram } = evidence;
  const found = [...packetsLimited(evidence), ...blackHole(evidence)];
  // Many fragments in a row lose some by chance: no limit can be seen then.
  if (!passed(outcomes.get('fragments-small')) || lossOf(outcomes) !== null) return found;
  const burst = outcomes.get('burst-fragments');
  if (burst !== undefined && !passed(burst) && passed(outcomes.get('burst'))) return [...found, rateLimited(burst)];
  if (largestDatagram === null) return found;
  const whole = kind === 'echo' ? 'do not come back whole' : 'do not arrive whole';
  const says = `datagrams over ${grouped(largestDatagram)} octets ${whole}; smaller ones in fragments do`;
  const next =
    'who reassembles on the way or at the end: ipfrag_high_thresh, fragments it allows for a datagram, its buffers';
  return [...found, { code: 'datagrams-limited', says, next }];
}

/** Whole packets, without DF over IPv4. An echo's answer is as long as the question, and has DF as its host likes: Linux sets it. */
function packetsLimited({ family, kind, outcomes, largestPacket }: Evidence): Finding[] {
  const full = outcomes.get('full');
  if (full === undefined || passed(full) || full.tooBig.length > 0 || largestPacket === null) return [];
  const either = 'an MTU black hole, or a filter on sizes';
  if (kind === 'echo') {
    const says = `packets over ${largestPacket} octets do not come back, and no ICMP says why: ${either}, on the way there or back`;
    return [{ code: 'size-limited', says, next: 'udp-ufo receive PORT --report there tells whether they arrive' }];
  }
  const what = family === 6 ? either : 'a filter on sizes (a small MTU would cut them)';
  const says = `packets over ${largestPacket} octets vanish, and no ICMP says why: ${what}`;
  return [{ code: 'size-limited', says, next: 'the MTU of tunnels on the way, and who drops ICMP too big' }];
}

/** Those with DF alone. */
function blackHole({ outcomes, largestPacket }: Evidence): Finding[] {
  const df = outcomes.get('full-df');
  if (df === undefined || !passed(outcomes.get('full')) || passed(df) || df.tooBig.length > 0 || df.failed !== null) {
    return [];
  }
  const says = `packets with DF over ${largestPacket ?? '?'} octets vanish, and no ICMP says why: an MTU black hole`;
  return [{ code: 'black-hole', says, next: 'who drops ICMP "fragmentation needed" on the way' }];
}

function rateLimited({ arrived, sent }: Outcome): Finding {
  const says = `fragments are limited by rate: ${arrived} of ${sent} datagrams in a row passed, small packets all did`;
  return { code: 'rate-limited', says, next: 'policers for fragments on the way, conntrack and firewall limits' };
}
