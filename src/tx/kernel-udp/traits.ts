import type { DriverTraits } from '../driver.js';

/** The least that IPV6_MTU takes (RFC 8200 §5). */
const LEAST_MTU6 = 1280;

export const KERNEL_UDP: DriverTraits = {
  name: 'kernel-udp',
  summary: 'an ordinary UDP socket: no privilege needed; the kernel cuts, without fragment control',
  honours: ['interface', 'mtu', 'ttl', 'tos', 'dontFragment', 'checksum'],
  cannot: (option, value, family) => {
    if (option !== 'mtu') return null;
    if (family === 4) return 'an IPv4 socket has no MTU of its own, a route has (ip route change … mtu N)';
    return (value as number) < LEAST_MTU6 ? `IPV6_MTU takes ${LEAST_MTU6} octets or more` : null;
  },
  writesHeaders: false,
  seenByCaptures: true,
  sends: true,
  usesUmem: false,
  inThreads: true,
  needs: null,
};
