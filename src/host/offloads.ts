import { AF_INET, SIOCETHTOOL, SOCK_DGRAM } from './constants.js';
import { addressOf, libc } from './libc.js';

/** ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO of <linux/ethtool.h>. */
const SEGMENTATION_OFFLOADS = [0x1f, 0x24, 0x2c];
const IFNAMSIZ = 16;

/**
 * Turns off TSO, GSO and GRO of an interface, so that no frame on it exceeds its MTU. What the driver or our privileges
 * refuse stays as it is.
 */
export function turnOffSegmentationOffloads(name: string): void {
  const fd = libc().socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) return;
  // Its own ArrayBuffer, large enough not to move: struct ifreq at 0, struct ethtool_value { cmd, data } at 64.
  const memory = Buffer.from(new ArrayBuffer(128));
  const view = new DataView(memory.buffer);
  memory.write(name, 0, IFNAMSIZ - 1, 'latin1');
  view.setBigUint64(IFNAMSIZ, BigInt(addressOf(memory) + 64), true); // ifr_data
  for (const command of SEGMENTATION_OFFLOADS) {
    view.setUint32(64, command, true);
    view.setUint32(68, 0, true);
    libc().ioctl(fd, SIOCETHTOOL, memory);
  }
  libc().close(fd);
}
