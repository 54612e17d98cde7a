import type { PathInfo } from '../../../src/socket/path/info.js';

/** A path over IPv4 with nothing special about it. */
export const PATH: PathInfo = {
  ...{ driver: 'raw-socket', interface: 'eth0', family: 4, mtu: 1500, maxPayloadLen: 65_507, notes: [] },
  ...{ source: '192.0.2.1', sourcePort: 1, destination: '192.0.2.2', destinationPort: 9, packets: () => 45 },
  seenByCaptures: true,
  headers: { ttl: 64, tos: 0, df: false, options: '', checksum: 'computed' },
  ...{ headerLen: 20, chainLen: 0 },
};
