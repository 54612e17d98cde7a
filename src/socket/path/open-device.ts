import type { Companion } from '../../companion/companion.js';
import { argumentError, UfoError, unsupportedError } from '../../errors.js';
import type { NetworkInterface } from '../../host/interfaces.js';
import type { PagePool } from '../../memory/page-pool.js';
import type { DriverName, NetDevice } from '../../tx/net-device.js';
import type { SocketOptions } from '../options.js';
import { candidates } from './choose-driver.js';

/** What a driver is opened for. */
export interface DeviceRequest {
  readonly family: 4 | 6;
  /** The interface that frames leave by. */
  readonly interface: string;
  /** All that is known of it. */
  readonly link?: NetworkInterface | undefined;
  /** Datagrams are for this very host. */
  readonly toSelf?: boolean;
  /** Its MTU, octets. */
  readonly mtu: number;
  readonly pool: PagePool;
  readonly options: SocketOptions;
  /** What it sends from, where the socket was bound to an address. */
  readonly source?: string | undefined;
  /** kernel-udp sends by its descriptor. */
  readonly companion: Companion | null;
  /** What a user should know of how it came to this driver. */
  readonly notes?: readonly string[];
}

/** How a socket gets its devices: `openDevice`, or what puts another device (a tracer, a test's) in its place. */
export type OpenDevice = (driver: DriverName | 'auto', request: DeviceRequest) => Promise<NetDevice>;

/** How each driver is opened. Loaded only when it is: its native parts may be missing on this machine. */
const OPENERS: Readonly<Record<DriverName, (request: DeviceRequest) => Promise<NetDevice>>> = {
  async 'raw-socket'({ family, mtu, pool, interface: name, options, source }) {
    const bound = options.interface !== undefined;
    const { openRawSocket } = await import('../../tx/raw-socket/raw-socket.js');
    return openRawSocket({ family, mtu, pool, interface: name, bound, source });
  },
  async 'packet-socket'(request) {
    const { openPacketSocket } = await import('../../tx/packet/packet-socket.js');
    const qdiscBypass = request.options.qdiscBypass ?? false;
    return openPacketSocket({ ...linkOf(request), qdiscBypass, memory: request.pool.memory });
  },
  async 'virtio-ufo'(request) {
    const { openVirtioUfo } = await import('../../tx/packet/virtio-ufo.js');
    return openVirtioUfo(linkOf(request));
  },
  async 'af-xdp'(request) {
    const { openAfXdp } = await import('../../tx/af-xdp/af-xdp.js');
    return openAfXdp({ ...linkOf(request), queue: request.options.queue ?? 0, memory: request.pool.memory });
  },
  async 'xdp-live'(request) {
    const { openXdpLive } = await import('../../tx/xdp-live/xdp-live.js');
    return openXdpLive({ ...linkOf(request), pool: request.pool });
  },
  async 'kernel-udp'({ family, interface: name, link, options, companion, notes }) {
    const bound = options.interface !== undefined;
    const { openKernelUdp } = await import('../../tx/kernel-udp/kernel-udp.js');
    const shared = companion === null ? {} : { fd: companion.fd, takeErrors: () => companion.takeErrors() };
    return openKernelUdp({ family, interface: link ?? name, bound, ...shared, ...(notes && { notes }) });
  },
  async 'pcap-file'({ mtu, options }) {
    const { file, sourceMac = NO_MAC, destinationMac = NO_MAC, vlans = [] } = options;
    if (file === undefined) throw argumentError('file', file, 'the file to write, or - for stdout');
    const { openPcapFile } = await import('../../tx/pcap-file/pcap-file.js');
    const asked = options.sourceMac !== undefined || options.destinationMac !== undefined || vlans.length > 0;
    const ethernet = { source: sourceMac, destination: destinationMac, vlans };
    return openPcapFile({ target: file, mtu, signal: options.signal, ...(asked ? { ethernet } : {}) });
  },
};

const NO_MAC = new Uint8Array(6);

/** Opens the driver asked for. */
export async function openDevice(driver: DriverName | 'auto', request: DeviceRequest): Promise<NetDevice> {
  return driver === 'auto' ? openFastest(request) : OPENERS[driver](request);
}

/** What the drivers that write the link header are told. */
function linkOf({ interface: name, link, options }: DeviceRequest) {
  const { destinationMac, sourceMac, vlans } = options;
  return {
    interface: link ?? name,
    ...(destinationMac === undefined ? {} : { destinationMac }),
    ...(sourceMac === undefined ? {} : { sourceMac }),
    ...(vlans === undefined ? {} : { vlans }),
  };
}

/** The last one that is tried has no say in headers and cuts: nobody should have to wonder why it was taken. */
function kernelNote(refusals: readonly string[]): string {
  return `auto took kernel-udp, where the kernel makes headers and cuts, since no other driver can: ${refusals.join('; ')}`;
}

/**
 * Opens the first candidate that can do what was asked and that this machine lets us open. One that takes smaller packets
 * than the way there does (AF_XDP without frames of several chunks) is taken only where no other takes larger ones.
 */
async function openFastest(request: DeviceRequest): Promise<NetDevice> {
  const { options, family, mtu, toSelf } = request;
  const refusals: string[] = [];
  let best: NetDevice | null = null;
  for (const { driver, refusal } of candidates(options, family, toSelf)) {
    const device =
      refusal === null ? await openOrRefusal(driver, { ...request, notes: [kernelNote(refusals)] }) : refusal;
    if (typeof device === 'string') {
      refusals.push(`${driver}: ${device}`);
      continue;
    }
    const worse: NetDevice | null = best !== null && device.mtu <= best.mtu ? device : best;
    await worse?.close();
    if (worse !== device) best = device;
    if (best!.mtu >= (options.mtu ?? mtu)) return best!;
  }
  if (best !== null) return best;
  throw unsupportedError(
    `no driver can send by ${request.interface}\n  ${refusals.join('\n  ')}`,
    `udp-ufo doctor -i ${request.interface} says more`,
  );
}

async function openOrRefusal(driver: DriverName, request: DeviceRequest): Promise<NetDevice | string> {
  try {
    return await openDevice(driver, request);
  } catch (error) {
    if (error instanceof UfoError) return error.message;
    throw error;
  }
}
