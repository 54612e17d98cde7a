import { ERRNO, systemError } from '../errors.js';
import {
  AF_INET,
  ETH_SS_FEATURES,
  ETHTOOL_GFEATURES,
  ETHTOOL_GSSET_INFO,
  ETHTOOL_GSTRINGS,
  ETHTOOL_SFEATURES,
  ETHTOOL_SGRO,
  ETHTOOL_SGSO,
  ETHTOOL_STSO,
  SIOCETHTOOL,
  SIOCGIFHWADDR,
  SIOCGIFMTU,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from './constants.js';
import { addressOf, libc } from './libc.js';
import { lastError, openSocket } from './socket-calls.js';

const IFNAMSIZ = 16;
const IFREQ_LEN = 40;
/** ETH_GSTRING_LEN */
const STRING_LEN = 32;
/** `struct ethtool_get_features_block`: available, requested, active, never_changed. */
const BLOCK_LEN = 16;
const ACTIVE = 8;
/** Frames of these begin with an Ethernet header, to libpcap too (`map_arphrd_to_dlt`): ARPHRD_ETHER, ARPHRD_LOOPBACK. */
const ETHERNET_TYPES: readonly number[] = [1, 772];

/**
 * The device features that are on, by the names that `ethtool -k` shows (`tx-udp-fragmentation`). Needs no privilege.
 * @throws UfoError ENODEV for an unknown interface, EOPNOTSUPP for one without such a list.
 */
export function activeFeatures(interfaceName: string): ReadonlySet<string> {
  const fd = openSocket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    const names = featureNames(fd, interfaceName);
    const blocks = Math.ceil(names.length / 32);
    const features = new DataView(new ArrayBuffer(8 + blocks * BLOCK_LEN));
    features.setUint32(0, ETHTOOL_GFEATURES, true);
    features.setUint32(4, blocks, true);
    ethtool(fd, interfaceName, features);
    const active = (bit: number) => (features.getUint32(8 + (bit >>> 5) * BLOCK_LEN + ACTIVE, true) >>> (bit & 31)) & 1;
    return new Set(names.filter((_, bit) => active(bit)));
  } finally {
    libc().close(fd);
  }
}

/** Whether frames on an interface have an Ethernet header; not so where there is no such interface (`any`). */
export function hasEthernetHeader(interfaceName: string): boolean {
  const ifreq = ask(interfaceName, SIOCGIFHWADDR);
  return ifreq !== null && ETHERNET_TYPES.includes(ifreq.readUInt16LE(IFNAMSIZ));
}

/** The MTU of an interface; null where there is no such interface (`any`). */
export function mtuOf(interfaceName: string): number | null {
  return ask(interfaceName, SIOCGIFMTU)?.readInt32LE(IFNAMSIZ) ?? null;
}

/** The kernel's answer as `struct ifreq`; null where it knows no such interface. */
function ask(interfaceName: string, question: number): Buffer | null {
  const fd = openSocket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const ifreq = namedIfreq(interfaceName);
  const known = libc().ioctl(fd, question, ifreq) >= 0;
  libc().close(fd);
  return known ? ifreq : null;
}

/**
 * Turns off TSO, GSO and GRO of an interface, so that no frame on it exceeds its MTU. What the driver or our privileges
 * refuse stays as it is.
 */
export function turnOffSegmentationOffloads(interfaceName: string): void {
  const fd = openSocket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const value = new DataView(new ArrayBuffer(8)); // struct ethtool_value: cmd, data
  for (const command of [ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO]) {
    value.setUint32(0, command, true);
    request(fd, interfaceName, value);
  }
  libc().close(fd);
}

/** Turns GRO of an interface on or off. @throws UfoError EPERM without CAP_NET_ADMIN, ENODEV */
export function setGro(interfaceName: string, on: boolean): void {
  const fd = openSocket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const value = new DataView(new ArrayBuffer(8));
  value.setUint32(0, ETHTOOL_SGRO, true);
  value.setUint32(4, on ? 1 : 0, true);
  try {
    ethtool(fd, interfaceName, value);
  } finally {
    libc().close(fd);
  }
}

/** Turns a feature on or off, by its name. @throws UfoError ENODEV, EPERM; EOPNOTSUPP for a name that the kernel does not know */
export function setFeature(interfaceName: string, feature: string, on: boolean): void {
  const fd = openSocket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    const names = featureNames(fd, interfaceName);
    const bit = names.indexOf(feature);
    if (bit < 0) throw systemError(ERRNO.EOPNOTSUPP, 'ioctl', { path: interfaceName, reason: `no feature ${feature}` });
    const blocks = Math.ceil(names.length / 32);
    // struct ethtool_sfeatures: cmd, blocks, and for each which bits are meant, and what they are to be
    const wish = new DataView(new ArrayBuffer(8 + blocks * 8));
    const at = 8 + (bit >>> 5) * 8;
    wish.setUint32(0, ETHTOOL_SFEATURES, true);
    wish.setUint32(4, blocks, true);
    wish.setUint32(at, 1 << (bit & 31), true);
    wish.setUint32(at + 4, on ? 1 << (bit & 31) : 0, true);
    ethtool(fd, interfaceName, wish);
  } finally {
    libc().close(fd);
  }
}

/** By bit; the list differs from kernel to kernel. */
function featureNames(fd: number, interfaceName: string): string[] {
  const sets = new DataView(new ArrayBuffer(20)); // struct ethtool_sset_info: cmd, reserved, mask (64 bits), count
  sets.setUint32(0, ETHTOOL_GSSET_INFO, true);
  sets.setUint32(8, 1 << ETH_SS_FEATURES, true);
  ethtool(fd, interfaceName, sets);
  const count = sets.getUint32(16, true);
  const strings = new DataView(new ArrayBuffer(12 + count * STRING_LEN)); // struct ethtool_gstrings: cmd, set, len, data
  strings.setUint32(0, ETHTOOL_GSTRINGS, true);
  strings.setUint32(4, ETH_SS_FEATURES, true);
  strings.setUint32(8, count, true);
  ethtool(fd, interfaceName, strings);
  const bytes = Buffer.from(strings.buffer, 12);
  return Array.from({ length: count }, (_, i) => cString(bytes.subarray(i * STRING_LEN, (i + 1) * STRING_LEN)));
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

function ethtool(fd: number, interfaceName: string, argument: DataView): void {
  if (!request(fd, interfaceName, argument)) throw lastError('ioctl', { path: interfaceName });
}

/** `struct ifreq`: the interface's name, and where the argument lies. Whether the kernel did it; if not, errno says why. */
function request(fd: number, interfaceName: string, argument: DataView): boolean {
  const ifreq = namedIfreq(interfaceName);
  ifreq.writeBigUInt64LE(BigInt(addressOf(new Uint8Array(argument.buffer))), IFNAMSIZ);
  return libc().ioctl(fd, SIOCETHTOOL, ifreq) >= 0;
}

function namedIfreq(interfaceName: string): Buffer {
  const ifreq = Buffer.alloc(IFREQ_LEN);
  ifreq.write(interfaceName, 0, IFNAMSIZ - 1, 'latin1');
  return ifreq;
}
