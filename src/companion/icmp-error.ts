import { ERRNO, errnoName, type SystemErrorDetails, systemError, UfoError } from '../errors.js';
import { formatAddress } from '../wire/address.js';
import type { SocketError } from './error-queue.js';

/** Least path MTU there can be, octets: RFC 791 and RFC 8200. */
const LEAST_MTU = { 4: 68, 6: 1280 } as const;

/**
 * What an ICMP message said of a datagram sent before. In the shape of a system error; `address` is where it was going.
 * Anybody can forge such a message, so what it says is told as said by somebody.
 */
export class IcmpError extends UfoError {
  override readonly name: string = 'IcmpError';
  /** The new path MTU in octets, with EMSGSIZE; null where the message says one that is not taken over. */
  readonly mtu: number | null;
  /** Who said so. */
  readonly offender: string | null;
  readonly icmpType: number;
  readonly icmpCode: number;

  /** @param pathMtu what this host sends there from now on, where that is known */
  constructor(told: SocketError, pathMtu?: number) {
    const { errno, destination, offender, type, code } = told;
    const by = offender === null ? null : formatAddress(offender.address);
    const mtu = errno === ERRNO.EMSGSIZE ? believed(told, pathMtu) : null;
    const details = describe(told, by, mtu, pathMtu);
    super(errnoName(errno), systemError(errno, 'recvmsg', details).message, details.hint);
    this.errno = -errno;
    this.syscall = 'recvmsg';
    if (destination !== null) {
      this.address = formatAddress(destination.address);
      this.port = destination.port;
    }
    this.mtu = mtu;
    this.offender = by;
    this.icmpType = type;
    this.icmpCode = code;
  }
}

/** An MTU that a path can have and that the kernel took over; null for any other. */
function believed({ destination, info }: SocketError, pathMtu?: number): number | null {
  const least = LEAST_MTU[destination?.address.length === 16 ? 6 : 4];
  return info >= least && info <= 0xffff && (pathMtu === undefined || info === pathMtu) ? info : null;
}

function describe(
  { errno, destination, info, type, code }: SocketError,
  by: string | null,
  mtu: number | null,
  pathMtu?: number,
): SystemErrorDetails {
  const from = by === null ? '' : ` (ICMP type ${type} code ${code} from ${by})`;
  const where = destination === null ? {} : { address: formatAddress(destination.address), port: destination.port };
  switch (errno) {
    case ERRNO.EMSGSIZE: {
      const goesOn = pathMtu === undefined || !Number.isFinite(pathMtu) ? '' : `; ${pathMtu} octets are sent as before`;
      if (mtu === null)
        return { ...where, reason: `a path MTU of ${info} is claimed and not believed${from}${goesOn}` };
      return {
        ...where,
        reason: `the path carries ${mtu} octets${from}`,
        hint: 'what is sent from now on is cut for that MTU; what was on its way may be lost',
      };
    }
    case ERRNO.ECONNREFUSED:
      return { ...where, reason: `nothing listens on that port${from}`, hint: 'start the receiver first' };
    default:
      return { ...where, reason: `undeliverable${from}` };
  }
}
