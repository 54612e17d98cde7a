import { AF_NETLINK, NETLINK_GENERIC, SO_RCVTIMEO, SOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET } from './constants.js';
import { libc } from './libc.js';
import { openSocket } from './socket-calls.js';

// <linux/netlink.h>, <linux/genetlink.h>: struct nlmsghdr, then struct genlmsghdr, then attributes
const NLMSG_HDRLEN = 16;
const GENL_HDRLEN = 4;
const NLMSG_ERROR = 2;
const NLM_F_REQUEST = 1;
const GENL_ID_CTRL = 0x10;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;
// <linux/netdev.h>
const NETDEV_CMD_DEV_GET = 1;
const NETDEV_A_DEV_IFINDEX = 1;
const NETDEV_A_DEV_XDP_FEATURES = 3;

/** `enum netdev_xdp_act`: the interface sends frames that are redirected to it (`ndo_xdp_xmit`). */
export const NETDEV_XDP_ACT_NDO_XMIT = 1 << 2;

const REPLY_LEN = 4096;
const ANSWER_WITHIN_MS = 100;

/**
 * What an interface can do with XDP frames, asked of the kernel's `netdev` family (Linux 6.3 or later). The answer changes
 * with what hangs on it: a veth sends redirected frames only while its peer has GRO or a program.
 */
export class NetdevGenl {
  readonly #fd: number;
  readonly #family: number | null;
  readonly #reply: Uint8Array = new Uint8Array(REPLY_LEN);
  readonly #question: Uint8Array;

  constructor(ifindex: number) {
    this.#fd = openSocket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    const timeout = BigInt64Array.of(0n, BigInt(ANSWER_WITHIN_MS) * 1000n); // struct timeval
    libc().setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, timeout, 16);
    this.#family = this.#findFamily();
    const index = Buffer.alloc(4);
    index.writeUInt32LE(ifindex);
    this.#question = message(this.#family ?? 0, NETDEV_CMD_DEV_GET, NETDEV_A_DEV_IFINDEX, index);
  }

  /** The low 32 bits of `enum netdev_xdp_act`; null where this kernel does not tell, or the interface has gone. */
  xdpFeatures(): number | null {
    if (this.#family === null) return null;
    return this.#ask(this.#question, NETDEV_A_DEV_XDP_FEATURES)?.getUint32(0, true) ?? null;
  }

  close(): void {
    libc().close(this.#fd);
  }

  #findFamily(): number | null {
    const question = message(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, Buffer.from('netdev\0'));
    return this.#ask(question, CTRL_ATTR_FAMILY_ID)?.getUint16(0, true) ?? null;
  }

  /** One attribute of the answer; null where the kernel refuses or the attribute is missing. */
  #ask(question: Uint8Array, attribute: number): DataView | null {
    if (libc().send(this.#fd, question, question.length, 0) < 0) return null;
    const len = libc().recv(this.#fd, this.#reply, REPLY_LEN, 0);
    return len < 0 ? null : findAttribute(this.#reply.subarray(0, len), attribute);
  }
}

/** A request with one attribute. */
function message(type: number, command: number, attribute: number, value: Uint8Array): Uint8Array {
  const attributeLen = 4 + value.length;
  const len = NLMSG_HDRLEN + GENL_HDRLEN + attributeLen;
  const octets = new Uint8Array(Math.max((len + 3) & ~3, 128)).subarray(0, (len + 3) & ~3);
  const view = new DataView(octets.buffer);
  view.setUint32(0, octets.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setUint8(NLMSG_HDRLEN, command);
  view.setUint8(NLMSG_HDRLEN + 1, 1); // version
  view.setUint16(NLMSG_HDRLEN + GENL_HDRLEN, attributeLen, true);
  view.setUint16(NLMSG_HDRLEN + GENL_HDRLEN + 2, attribute, true);
  octets.set(value, NLMSG_HDRLEN + GENL_HDRLEN + 4);
  return octets;
}

/** The value of an attribute of a generic netlink message; null where it is an error or has none of that type. */
export function findAttribute(octets: Uint8Array, wanted: number): DataView | null {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  if (octets.length < NLMSG_HDRLEN + GENL_HDRLEN || view.getUint16(4, true) === NLMSG_ERROR) return null;
  const end = Math.min(octets.length, view.getUint32(0, true));
  for (let at = NLMSG_HDRLEN + GENL_HDRLEN; at + 4 <= end; ) {
    const len = view.getUint16(at, true);
    if (len < 4 || at + len > end) return null;
    if ((view.getUint16(at + 2, true) & 0x3fff) === wanted) {
      return new DataView(octets.buffer, octets.byteOffset + at + 4, len - 4);
    }
    at += (len + 3) & ~3;
  }
  return null;
}
