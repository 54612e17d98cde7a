/**
 * Numbers of the Linux system-call interface, as on x86-64 and arm64; each group names the header it comes from.
 * They differ on MIPS, SPARC, PA-RISC and Alpha, which Node does not run on any more or hardly.
 */

// <sys/socket.h>, asm-generic/socket.h
export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const AF_XDP = 44;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_BROADCAST = 6;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_NO_CHECK = 11;
export const SO_REUSEPORT = 15;
export const SO_RCVLOWAT = 18;
export const SO_RCVTIMEO = 20;
export const SO_BINDTODEVICE = 25;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
export const SO_TIMESTAMPNS = 35;
export const SCM_TIMESTAMPNS: number = SO_TIMESTAMPNS;
export const SO_MEMINFO = 55;
export const SO_BINDTOIFINDEX = 62;
export const SHUT_RD = 0;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
/** preadv2(2): only what is in the page cache. */
export const RWF_NOWAIT = 8;
export const MSG_ERRQUEUE = 0x2000;

// <linux/in.h>
export const IPPROTO_IP = 0;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_RAW = 255;
export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_OPTIONS = 4;
export const IP_MTU_DISCOVER = 10;
export const IP_RECVERR = 11;
export const IP_MTU = 14;
export const IP_FREEBIND = 15;
export const IP_NODEFRAG = 22;
export const IP_MULTICAST_IF = 32;
export const IP_MULTICAST_TTL = 33;
export const IP_MULTICAST_LOOP = 34;
export const IP_ADD_MEMBERSHIP = 35;
export const IP_UNICAST_IF = 50;
export const IP_PMTUDISC_DONT = 0;
export const IP_PMTUDISC_WANT = 1;
export const IP_PMTUDISC_DO = 2;
export const IP_PMTUDISC_PROBE = 3;

// <linux/udp.h>
export const UDP_NO_CHECK6_TX = 101;
export const UDP_SEGMENT = 103;

// <linux/in6.h>
export const IPV6_UNICAST_HOPS = 16;
export const IPV6_MULTICAST_IF = 17;
export const IPV6_MULTICAST_HOPS = 18;
export const IPV6_MULTICAST_LOOP = 19;
export const IPV6_ADD_MEMBERSHIP = 20;
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_MTU = 24;
export const IPV6_RECVERR = 25;
export const IPV6_V6ONLY = 26;
export const IPV6_HOPOPTS = 54;
export const IPV6_RTHDRDSTOPTS = 55;
export const IPV6_RTHDR = 57;
export const IPV6_DSTOPTS = 59;
export const IPV6_TCLASS = 67;
export const IPV6_UNICAST_IF = 76;
export const IPV6_FREEBIND = 78;

// <linux/if_packet.h>
export const SOL_PACKET = 263;
export const PACKET_STATISTICS = 6;
export const PACKET_VERSION = 10;
export const TPACKET_V2 = 1;
export const PACKET_TX_RING = 13;
export const PACKET_VNET_HDR = 15;
export const PACKET_QDISC_BYPASS = 20;

// <linux/if_xdp.h>
export const SOL_XDP = 283;
export const XDP_MMAP_OFFSETS = 1;
export const XDP_TX_RING = 3;
export const XDP_UMEM_REG = 4;
export const XDP_UMEM_FILL_RING = 5;
export const XDP_UMEM_COMPLETION_RING = 6;
export const XDP_OPTIONS = 8;
export const XDP_MAX_TX_SKB_BUDGET = 9;
export const XDP_OPTIONS_ZEROCOPY = 1;
export const XDP_COPY = 1 << 1;
export const XDP_ZEROCOPY = 1 << 2;
export const XDP_USE_NEED_WAKEUP = 1 << 3;
export const XDP_USE_SG = 1 << 4;
export const XDP_RING_NEED_WAKEUP = 1 << 0;
export const XDP_PGOFF_TX_RING = 0x80000000;
export const XDP_UMEM_PGOFF_COMPLETION_RING = 0x180000000;

// <poll.h>
export const POLLIN = 0x001;
export const POLLOUT = 0x004;
export const POLLERR = 0x008;
export const POLLNVAL = 0x020;

// <net/if.h>
export const IFF_UP = 1 << 0;
export const IFF_RUNNING = 1 << 6;

// <sys/mman.h>
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_POPULATE = 0x8000;

// <fcntl.h>
export const O_RDONLY = 0;
export const O_RDWR = 2;
export const O_CLOEXEC = 0x80000;
export const AT_FDCWD = -100;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_EACCESS = 0x200;

// <time.h>
export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;

// <signal.h>
export const SIGKILL = 9;

// <linux/prctl.h>
export const PR_SET_PDEATHSIG = 1;
export const PR_SET_KEEPCAPS = 8;
export const PR_SET_NO_NEW_PRIVS = 38;
export const PR_CAP_AMBIENT = 47;
export const PR_CAP_AMBIENT_RAISE = 2;

// <sched.h>
export const CLONE_NEWNET = 0x40000000;

// <linux/netlink.h>
export const NETLINK_GENERIC = 16;

// <linux/if_tun.h>
export const TUNSETIFF = 0x400454ca;
export const IFF_TAP = 0x0002;
export const IFF_NO_PI = 0x1000;

// <linux/sockios.h>, <linux/ethtool.h>
export const SIOCGIFFLAGS = 0x8913;
export const SIOCGIFMTU = 0x8921;
export const SIOCGIFHWADDR = 0x8927;
export const SIOCETHTOOL = 0x8946;
export const ETHTOOL_GSTRINGS = 0x1b;
export const ETHTOOL_STSO = 0x1f;
export const ETHTOOL_SGSO = 0x24;
export const ETHTOOL_SGRO = 0x2c;
export const ETHTOOL_GSSET_INFO = 0x37;
export const ETHTOOL_GFEATURES = 0x3a;
export const ETHTOOL_SFEATURES = 0x3b;
export const ETH_SS_FEATURES = 4;
