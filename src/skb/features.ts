/** Device features, in the kernel's words (`include/linux/netdev_features.h`). */
export const NETIF_F_SG: number = 1 << 0;
/** The device can finish any checksum from `csumStart`/`csumOffset`; needed for UFO over IPv6. */
export const NETIF_F_HW_CSUM: number = 1 << 3;
/** The device cuts a UDP datagram into IP fragments of `gsoSize` octets by itself. */
export const NETIF_F_UFO: number = 1 << 16;
