/** Device features, in the kernel's words (`include/linux/netdev_features.h`). */
export const NETIF_F_SG: number = 1 << 0;
/** The device can finish any checksum from `csumStart`/`csumOffset`; needed for UFO over IPv6. */
export const NETIF_F_HW_CSUM: number = 1 << 3;
/** The device cuts a UDP datagram into IP fragments of `gsoSize` octets by itself. */
export const NETIF_F_UFO: number = 1 << 16;

const NAMES: ReadonlyMap<number, string> = new Map([
  [NETIF_F_SG, 'SG'],
  [NETIF_F_HW_CSUM, 'HW_CSUM'],
  [NETIF_F_UFO, 'UFO'],
]);

/** `['SG', 'UFO']`, lowest bit first; bits that udp-ufo knows nothing of are left out. */
export function featureNames(features: number): string[] {
  return [...NAMES].filter(([bit]) => (features & bit) !== 0).map(([, name]) => name);
}

/**
 * Why a device with these features can't be given a whole datagram of this family to cut; null where it can. For IPv4
 * without HW_CSUM the UDP checksum, which covers the whole datagram, is finished in software first. IPv6 has no such way:
 * UFO over IPv6 was defined with HW_CSUM from the beginning.
 */
export function whyNoUfo(features: number, family: 4 | 6): string | null {
  if ((features & NETIF_F_UFO) === 0) return 'the device has no NETIF_F_UFO';
  if ((features & NETIF_F_SG) === 0) return 'NETIF_F_UFO without NETIF_F_SG: the device takes no user pages';
  if (family === 6 && (features & NETIF_F_HW_CSUM) === 0) return 'UFO over IPv6 needs NETIF_F_HW_CSUM';
  return null;
}
