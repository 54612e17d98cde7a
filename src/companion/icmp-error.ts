import { ERRNO, errnoName, type SystemErrorDetails, systemError, UfoError } from '../errors.js';
import { formatAddress } from '../wire/address.js';
import type { SocketError } from './error-queue.js';

/** What an ICMP message said of a datagram sent before. In the shape of a system error; `address` is where it was going. */
export class IcmpError extends UfoError {
  override readonly name: string = 'IcmpError';
  /** The new path MTU in octets, with EMSGSIZE. */
  readonly mtu: number | null;
  /** Who said so. */
  readonly offender: string | null;
  readonly icmpType: number;
  readonly icmpCode: number;

  constructor(told: SocketError) {
    const { errno, destination, offender, type, code, info } = told;
    const by = offender === null ? null : formatAddress(offender.address);
    const details = describe(told, by);
    super(errnoName(errno), systemError(errno, 'recvmsg', details).message, details.hint);
    this.errno = -errno;
    this.syscall = 'recvmsg';
    if (destination !== null) {
      this.address = formatAddress(destination.address);
      this.port = destination.port;
    }
    this.mtu = errno === ERRNO.EMSGSIZE ? info : null;
    this.offender = by;
    this.icmpType = type;
    this.icmpCode = code;
  }
}

function describe({ errno, destination, info, type, code }: SocketError, by: string | null): SystemErrorDetails {
  const from = by === null ? '' : ` (ICMP type ${type} code ${code} from ${by})`;
  const where = destination === null ? {} : { address: formatAddress(destination.address), port: destination.port };
  switch (errno) {
    case ERRNO.EMSGSIZE:
      return {
        ...where,
        reason: `the path carries ${info} octets${from}`,
        hint: 'what is sent from now on is cut for that MTU; what was on its way may be lost',
      };
    case ERRNO.ECONNREFUSED:
      return { ...where, reason: `nothing listens on that port${from}`, hint: 'start the receiver first' };
    default:
      return { ...where, reason: `undeliverable${from}` };
  }
}
