import { detectConntrack } from '../../host/conntrack.js';
import { activeFeatures } from '../../host/device-features.js';
import type { NetworkInterface } from '../../host/interfaces.js';
import { insideLab } from '../../host/lab.js';
import type { Privileges } from '../../host/privileges.js';
import { readOrNull } from '../../host/read-or-null.js';
import { usoObstacle } from '../../tx/uso.js';
import { MIN_MTU } from '../../wire/ipv6.js';
import type { Check } from './report.js';

/** What the far-reaching limits should at least be: one datagram of 65,507 octets costs a receive buffer about 100 KiB. */
const COMFORTABLE_BUFFER = 4 << 20;

/** What decides how a datagram leaves, by the names of `ethtool -k`. */
const FEATURES = ['tx-scatter-gather', 'tx-checksum-ip-generic', 'tx-udp-fragmentation', 'tx-udp-segmentation'];

/** `[name under /proc/sys/net, what an ordinary value must fulfil, why]` */
const SYSCTLS: readonly (readonly [name: string, fine: (value: number) => boolean, why: string])[] = [
  ['ipv4/ip_no_pmtu_disc', (value) => value === 0, 'path MTU discovery is off: fragments follow the device MTU alone'],
  [
    'core/wmem_max',
    (value) => value >= COMFORTABLE_BUFFER,
    'send buffers stay small without CAP_NET_ADMIN: sysctl net.core.wmem_max=4194304',
  ],
  [
    'core/rmem_max',
    (value) => value >= COMFORTABLE_BUFFER,
    'a receiver loses bursts of large datagrams: sysctl net.core.rmem_max=4194304',
  ],
  ['core/netdev_max_backlog', (value) => value >= 1000, 'bursts overrun the backlog of a core: pace them'],
  ['ipv4/ipfrag_high_thresh', (value) => value >= 1 << 20, 'few IPv4 datagrams can be in reassembly at once'],
  ['ipv4/ipfrag_time', (value) => value >= 1, 'incomplete IPv4 datagrams are given up at once'],
  ['ipv4/ipfrag_max_dist', (value) => value >= 64 || value === 0, 'interleaved IPv4 fragments lose their datagrams'],
  ['ipv6/ip6frag_high_thresh', (value) => value >= 1 << 20, 'few IPv6 datagrams can be in reassembly at once'],
  ['ipv6/ip6frag_time', (value) => value >= 1, 'incomplete IPv6 datagrams are given up at once'],
];

export function privilegeChecks(privileges: Privileges): Check[] {
  const { capabilities, effectiveUid, userName, inUserNamespace, userNamespaces, memlockLimit } = privileges;
  const where = insideLab() !== null ? ', in the lab' : inUserNamespace ? ', in a user namespace' : '';
  const raw = capabilities.has('CAP_NET_RAW');
  return [
    { name: 'user', state: 'ok', value: `${userName} (uid ${effectiveUid})${where}` },
    {
      name: 'capabilities',
      state: raw ? 'ok' : 'missing',
      value: [...capabilities].join(' ') || 'none of those that matter',
      ...(raw ? {} : { hint: 'CAP_NET_RAW sends: use sudo, or udp-ufo lab -- COMMAND' }),
    },
    {
      name: 'user namespaces',
      state: userNamespaces.allowed ? 'ok' : 'missing',
      value: userNamespaces.allowed ? 'allowed: the lab needs no root' : (userNamespaces.reason ?? 'not allowed'),
      ...(userNamespaces.allowed ? {} : { hint: userNamespaces.hint }),
    },
    {
      name: 'lockable memory',
      state: memlockLimit >= COMFORTABLE_BUFFER || capabilities.has('CAP_IPC_LOCK') ? 'ok' : 'warning',
      value: Number.isFinite(memlockLimit) ? `${memlockLimit} octets` : 'unlimited',
    },
  ];
}

export function kernelChecks(): Check[] {
  const { state, explanation } = detectConntrack();
  const conntrack: Check = {
    name: 'conntrack',
    state: state === 'active' ? 'warning' : 'ok',
    value: state,
    ...(explanation === null ? {} : { hint: explanation }),
  };
  return [conntrack, ...SYSCTLS.map(sysctlCheck)];
}

function sysctlCheck([name, fine, why]: (typeof SYSCTLS)[number]): Check {
  const text = readOrNull(`/proc/sys/net/${name}`);
  const shown = `net.${name.replace('/', '.')}`;
  if (text === null) return { name: shown, state: 'missing', value: 'not in this network namespace' };
  const value = text.trim();
  return fine(Number(value))
    ? { name: shown, state: 'ok', value }
    : { name: shown, state: 'warning', value, hint: why };
}

export async function interfaceChecks(link: NetworkInterface): Promise<Check[]> {
  const { mtu, up, carrier, kind, linkType, mac, txQueues, rxQueues, gsoMaxSize, addresses } = link;
  const families = new Set(addresses.map(({ family }) => `IPv${family}`));
  return [
    {
      name: 'link',
      state: up && carrier ? 'ok' : 'missing',
      value: `${up ? 'up' : 'down'}, ${carrier ? 'carrier' : 'no carrier'}, ${kind ?? linkType}${mac === null ? '' : `, ${mac}`}`,
      ...(up ? {} : { hint: `ip link set ${link.name} up` }),
    },
    mtuCheck(mtu),
    { name: 'queues', state: 'ok', value: `${txQueues} send, ${rxQueues} receive` },
    { name: 'gso_max_size', state: 'ok', value: gsoMaxSize === null ? 'not told' : String(gsoMaxSize) },
    {
      name: 'addresses',
      state: addresses.length > 0 ? 'ok' : 'warning',
      value: addresses.map(({ address, prefixLen }) => `${address}/${prefixLen}`).join(' ') || 'none',
      ...(families.size > 0 ? {} : { hint: `ip addr add ADDRESS/LENGTH dev ${link.name}` }),
    },
    featureCheck(link.name),
    usoCheck(link.name),
  ];
}

function mtuCheck(mtu: number): Check {
  if (mtu > 65535) return { name: 'MTU', state: 'warning', value: String(mtu), hint: 'nothing is fragmented here' };
  if (mtu < MIN_MTU) return { name: 'MTU', state: 'warning', value: String(mtu), hint: `IPv6 needs ${MIN_MTU}` };
  return { name: 'MTU', state: 'ok', value: String(mtu) };
}

function featureCheck(name: string): Check {
  try {
    const active = activeFeatures(name);
    const value = FEATURES.map((feature) => `${feature} ${active.has(feature) ? 'on' : 'off'}`).join(', ');
    return { name: 'features', state: 'ok', value };
  } catch (error) {
    return { name: 'features', state: 'warning', value: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether kernel-udp hands equal datagrams over joined; either is right, one is faster. */
function usoCheck(name: string): Check {
  const why = usoObstacle(name);
  return {
    name: 'USO',
    state: 'ok',
    value: why === null ? 'equal datagrams of kernel-udp are joined' : `not used: ${why}`,
  };
}
