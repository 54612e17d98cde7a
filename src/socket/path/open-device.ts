import type { Companion } from '../../companion/companion.js';
import { argumentError, UfoError, unsupportedError } from '../../errors.js';
import type { PagePool } from '../../memory/page-pool.js';
import type { DriverName, NetDevice } from '../../tx/net-device.js';
import type { SocketOptions } from '../options.js';
import { candidates } from './choose-driver.js';

/** What a driver is opened for. */
export interface DeviceRequest {
  readonly family: 4 | 6;
  /** The interface that frames leave by. */
  readonly interfaceName: string;
  /** Its MTU, octets. */
  readonly mtu: number;
  readonly pool: PagePool;
  readonly options: SocketOptions;
  /** kernel-udp sends by its descriptor. */
  readonly companion: Companion | null;
}

/** How a socket gets its devices: `openDevice`, or what puts another device (a tracer, a test's) in its place. */
export type OpenDevice = (driver: DriverName | 'auto', request: DeviceRequest) => Promise<NetDevice>;

/** Opens the driver asked for, loading it only now: its native parts may be missing on this machine. */
export async function openDevice(driver: DriverName | 'auto', request: DeviceRequest): Promise<NetDevice> {
  if (driver === 'auto') return openFastest(request);
  const { family, interfaceName, mtu, pool, options, companion } = request;
  const { destinationMac, vlans, qdiscBypass, queue = 0, file } = options;
  const link = {
    interface: interfaceName,
    ...(destinationMac === undefined ? {} : { destinationMac }),
    ...(vlans === undefined ? {} : { vlans }),
  };
  switch (driver) {
    case 'raw-socket': {
      refuseLinkOptions(options);
      const { openRawSocket } = await import('../../tx/raw-socket/raw-socket.js');
      const bound = options.interface === undefined ? { routedVia: interfaceName } : { interfaceName };
      return openRawSocket({ family, mtu, pool, ...bound });
    }
    case 'packet-socket': {
      const { openPacketSocket } = await import('../../tx/packet/packet-socket.js');
      return openPacketSocket({ ...link, qdiscBypass: qdiscBypass ?? false });
    }
    case 'virtio-ufo': {
      const { openVirtioUfo } = await import('../../tx/packet/virtio-ufo.js');
      return openVirtioUfo(link);
    }
    case 'pcap-file': {
      if (file === undefined) throw argumentError('file', file, 'the file to write, or - for stdout');
      const { openPcapFile } = await import('../../tx/pcap-file/pcap-file.js');
      return openPcapFile({ target: file, mtu });
    }
    case 'af-xdp': {
      const { openAfXdp } = await import('../../tx/af-xdp/af-xdp.js');
      return openAfXdp({ ...link, queue, memory: pool.memory });
    }
    case 'xdp-live': {
      const { openXdpLive } = await import('../../tx/xdp-live/xdp-live.js');
      return openXdpLive({ ...link, pool });
    }
    case 'kernel-udp': {
      refuseLinkOptions(options);
      const { openKernelUdp } = await import('../../tx/kernel-udp/kernel-udp.js');
      const shared = companion === null ? {} : { fd: companion.fd, takeErrors: () => companion.takeErrors() };
      return openKernelUdp({ family, interface: interfaceName, ...shared });
    }
  }
}

/** Opens the first candidate that can do what was asked and that this machine lets us open. */
async function openFastest(request: DeviceRequest): Promise<NetDevice> {
  const refusals: string[] = [];
  for (const { driver, refusal } of candidates(request.options, request.family, request.mtu)) {
    try {
      if (refusal === null) return await openDevice(driver, request);
      refusals.push(`${driver}: ${refusal}`);
    } catch (error) {
      if (!(error instanceof UfoError)) throw error;
      refusals.push(`${driver}: ${error.message}`);
    }
  }
  throw unsupportedError(
    `no driver can send by ${request.interfaceName}\n  ${refusals.join('\n  ')}`,
    'udp-ufo doctor says more',
  );
}

function refuseLinkOptions({ destinationMac, vlans, driver = 'raw-socket' }: SocketOptions): void {
  if (destinationMac === undefined && vlans === undefined) return;
  const name = destinationMac === undefined ? 'vlans' : 'destinationMac';
  throw argumentError(
    name,
    'a value',
    `none with ${driver}, where the kernel writes the link header`,
    'use packet-socket',
  );
}
