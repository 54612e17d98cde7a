import { readOrNull } from './read-or-null.js';

/** What stands between a raw socket and the wire: netfilter's defragmentation. */
export interface Conntrack {
  /** `absent`: not in this kernel; `present`: loaded, so a rule may have switched it on here; `active`: it tracks flows here. */
  readonly state: 'absent' | 'present' | 'active';
  /** What it does to fragments and how to go round it; null where it is absent. */
  readonly explanation: string | null;
}

const EXPLANATION =
  'connection tracking reassembles the fragments a raw socket sends and cuts them again (nf_defrag at LOCAL_OUT): IPv4 sockets ' +
  'escape it by IP_NODEFRAG, IPv6 has no such option; packet-socket and af-xdp go below it';

/** Looks for nf_conntrack and nf_defrag in the calling thread's network namespace. */
export function detectConntrack(read: (path: string) => string | null = readOrNull): Conntrack {
  const tracked = read('/proc/sys/net/netfilter/nf_conntrack_count');
  if (tracked !== null && Number(tracked) > 0) return { state: 'active', explanation: EXPLANATION };
  const loaded = /^nf_(conntrack|defrag_ipv[46]) /m.test(read('/proc/modules') ?? '');
  if (tracked !== null || loaded) return { state: 'present', explanation: `if a rule uses it here, ${EXPLANATION}` };
  return { state: 'absent', explanation: null };
}
