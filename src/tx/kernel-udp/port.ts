import {
  AF_INET,
  AF_INET6,
  IP_MTU_DISCOVER,
  IP_MULTICAST_IF,
  IP_MULTICAST_TTL,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_DONT,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  SO_BROADCAST,
  SO_NO_CHECK,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
  UDP_NO_CHECK6_TX,
} from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import { putSockaddr } from '../../host/sockaddr.js';
import { bindToDevice, lastError, openSocket, setSendBuffer, setSockOptInt } from '../../host/socket-calls.js';
import type { Flow } from '../../skb/flow.js';
import { formatAddress, isMulticast } from '../../wire/address.js';

/** Options of a socket that come from the flow of what is sent next. */
type Setting = 'ttl' | 'multicastTtl' | 'multicastInterface' | 'tos' | 'dontFragment' | 'checksum' | 'mtu';

/** An ordinary UDP socket that sends for one source address and port. */
export class UdpPort {
  readonly fd: number;
  readonly #family: 4 | 6;
  readonly #own: boolean;
  readonly #set = new Map<Setting, number | boolean>();

  /** Over a socket that is somebody else's, and bound. */
  constructor(fd: number, family: 4 | 6, { own = false, device }: { own?: boolean; device: string | null }) {
    this.fd = fd;
    this.#family = family;
    this.#own = own;
    if (device !== null) bindToDevice(fd, device);
    if (family === 4) setSockOptInt(fd, SOL_SOCKET, SO_BROADCAST, 1);
  }

  /** A socket bound to a flow's source. @throws UfoError EADDRINUSE, EADDRNOTAVAIL, EACCES. */
  static open(flow: Flow, ifindex: number, sendBufferSize: number, device: string | null): UdpPort {
    const { family, source, sourcePort } = flow;
    const fd = openSocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    try {
      if (family === 6) setSockOptInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
      setSendBuffer(fd, sendBufferSize);
      const name = new DataView(new ArrayBuffer(28));
      const nameLen = putSockaddr(name, 0, source, sourcePort, ifindex);
      if (libc().bind(fd, new Uint8Array(name.buffer), nameLen) < 0) {
        throw lastError('bind', { address: formatAddress(source), port: sourcePort });
      }
      return new UdpPort(fd, family, { own: true, device });
    } catch (error) {
      libc().close(fd);
      throw error;
    }
  }

  /** Whether what was set last is what this flow wants. */
  fits(flow: Flow): boolean {
    const set = this.#set;
    return (
      set.get(toGroup(flow) ? 'multicastTtl' : 'ttl') === flow.ttl &&
      set.get('tos') === flow.tos &&
      set.get('dontFragment') === flow.dontFragment &&
      set.get('checksum') === flow.checksum &&
      set.get('mtu') === flow.mtu
    );
  }

  /**
   * Sets what this flow wants differently. Without DF the kernel cuts at the route's MTU (IP_PMTUDISC_DONT).
   * @param ifindex the interface that groups go by
   */
  prepare(flow: Flow, ifindex: number): void {
    const family4 = this.#family === 4;
    const level = family4 ? IPPROTO_IP : IPPROTO_IPV6;
    const discover = flow.dontFragment ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;
    if (toGroup(flow)) {
      this.#apply('multicastTtl', flow.ttl, level, family4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS, flow.ttl);
      this.#groupsBy(ifindex);
    } else {
      this.#apply('ttl', flow.ttl, level, family4 ? IP_TTL : IPV6_UNICAST_HOPS, flow.ttl);
    }
    this.#apply('tos', flow.tos, level, family4 ? IP_TOS : IPV6_TCLASS, flow.tos);
    this.#apply('dontFragment', flow.dontFragment, level, family4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, discover);
    const [sumLevel, sumOption] = family4 ? [SOL_SOCKET, SO_NO_CHECK] : [IPPROTO_UDP, UDP_NO_CHECK6_TX];
    this.#apply('checksum', flow.checksum, sumLevel, sumOption, flow.checksum ? 0 : 1);
    if (family4)
      this.#set.set('mtu', flow.mtu); // the route's, which this socket cannot change
    else this.#apply('mtu', flow.mtu, level, IPV6_MTU, flow.mtu);
  }

  /** For IPv4 by `struct ip_mreqn { group, address, ifindex }`. */
  #groupsBy(ifindex: number): void {
    if (ifindex === 0 || this.#set.get('multicastInterface') === ifindex) return;
    const value = this.#family === 4 ? Int32Array.of(0, 0, ifindex) : Int32Array.of(ifindex);
    const [level, option] = this.#family === 4 ? [IPPROTO_IP, IP_MULTICAST_IF] : [IPPROTO_IPV6, IPV6_MULTICAST_IF];
    if (libc().setsockopt(this.fd, level, option, value, value.byteLength) < 0) throw lastError('setsockopt');
    this.#set.set('multicastInterface', ifindex);
  }

  close(): void {
    if (this.#own) libc().close(this.fd);
  }

  #apply(setting: Setting, wanted: number | boolean, level: number, option: number, value: number): void {
    if (this.#set.get(setting) === wanted) return;
    setSockOptInt(this.fd, level, option, value);
    this.#set.set(setting, wanted);
  }
}

function toGroup({ family, destination }: Flow): boolean {
  return isMulticast({ family, octets: destination });
}
