import type { DriverTraits } from '../driver.js';

/** IP headers are ours, link headers the kernel's. */
export const RAW_SOCKET: DriverTraits = {
  name: 'raw-socket',
  summary: 'the default: routing, neighbours and netfilter as usual',
  honours: [
    'interface',
    ...([
      'mtu',
      'idents',
      'ttl',
      'tos',
      'dontFragment',
      'options',
      'extensionHeaders',
      'flowLabel',
      'checksum',
    ] as const),
  ],
  writesHeaders: true,
  seenByCaptures: true,
  sends: true,
  usesUmem: false,
  inThreads: false,
  needs: 'CAP_NET_RAW',
};
