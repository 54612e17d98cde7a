import { ERRNO, systemError, UfoError } from '../../errors.js';
import { OwnNetworks } from '../../host/own-networks.js';
import type { Flow } from '../../skb/flow.js';
import type { NetDevice } from '../../tx/net-device.js';
import { formatAddress } from '../../wire/address.js';
import type { Datagram } from './datagram.js';

/** A device that takes nothing for so many milliseconds has stopped: the datagram fails with what it said. */
export const STALL = 5_000;

/** Why a packet of `packetLen` octets, and with it its datagram, was refused for good; `partial` says how far that one got. */
export function sendError(device: NetDevice, datagram: Datagram, packetLen: number, errno: number): UfoError {
  const partial = datagram.result(device.driver, datagram.fragmentsSent);
  const { fragments, fragmentsSent } = partial;
  const flow = datagram.skb.flow!;
  const error = systemError(errno, device.syscall, {
    address: formatAddress(flow.destination),
    port: flow.destinationPort,
    reason: `${fragmentsSent} of ${fragments} fragments had gone; the next one has ${packetLen} octets`,
    ...(foreignSource(errno, device, flow) ?? hintFor(errno, device)),
  });
  error.partial = partial;
  return error;
}

/** Why a datagram that a plan delayed went no further: its socket was closed. `partial` says how far it got. */
export function endedError({ driver }: NetDevice, datagram: Datagram, reason: UfoError): UfoError {
  const partial = datagram.result(driver);
  const { fragments, fragmentsSent } = partial;
  const error = new UfoError(reason.code, `${reason.message}; ${fragmentsSent} of ${fragments} fragments had gone`);
  error.partial = partial;
  return error;
}

/** The kernel's own IPv4 looks up no route from an address of another host (`ip_route_output_key_hash_rcu`); its IPv6 does. */
function foreignSource(errno: number, { writesHeaders }: NetDevice, { family, source }: Flow): { hint: string } | null {
  if (writesHeaders || family === 6 || (errno !== ERRNO.ENETUNREACH && errno !== ERRNO.EINVAL)) return null;
  if (new OwnNetworks().has({ family, octets: source })) return null;
  const drivers = 'raw-socket, packet-socket, virtio-ufo or af-xdp';
  return {
    hint: `${formatAddress(source)} is no address of this host: take a driver that writes the header, ${drivers}`,
  };
}

function hintFor(errno: number, { name, mtu }: NetDevice): { hint?: string } {
  switch (errno) {
    case ERRNO.EMSGSIZE:
      return { hint: `the MTU of ${name} (${mtu} when it was opened) or of the route is smaller now; send again` };
    case ERRNO.ENETDOWN:
      return { hint: `${name} is down (ip link set ${name} up), or has no carrier: ip link show ${name} says which` };
    case ERRNO.EPERM:
      return { hint: 'a firewall refused the packet, or CAP_NET_RAW is missing' };
    case ERRNO.ENOSPC:
    case ERRNO.EDQUOT:
      return { hint: `the disk with ${name} is full` };
    case ERRNO.EAGAIN:
    case ERRNO.ENOBUFS:
      return {
        hint: `${name} has taken nothing for ${STALL / 1000} s; lower the rate or look at its queue (tc -s qdisc)`,
      };
    default:
      return {};
  }
}
