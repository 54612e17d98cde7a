import { argumentError, ERRNO, systemError, type UfoError, unsupportedError } from '../../errors.js';
import {
  AF_XDP,
  MSG_DONTWAIT,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_XDP,
  XDP_COPY,
  XDP_MAX_TX_SKB_BUDGET,
  XDP_OPTIONS,
  XDP_OPTIONS_ZEROCOPY,
  XDP_PGOFF_TX_RING,
  XDP_TX_RING,
  XDP_UMEM_COMPLETION_RING,
  XDP_UMEM_FILL_RING,
  XDP_UMEM_PGOFF_COMPLETION_RING,
  XDP_UMEM_REG,
  XDP_USE_NEED_WAKEUP,
  XDP_USE_SG,
  XDP_ZEROCOPY,
} from '../../host/constants.js';
import type { NetworkInterface } from '../../host/interfaces.js';
import { lastErrno, libc } from '../../host/libc.js';
import { explainEperm, readPrivileges } from '../../host/privileges.js';
import { getSockOptInt, hintIfForbidden, lastError, setSockOptInt } from '../../host/socket-calls.js';
import type { UserMemory } from '../../memory/user-memory.js';
import { accountsLen, UmemFrames } from './frames.js';
import { RingSpace, ringOffsets, XdpRing } from './rings.js';

export type XdpMode = 'auto' | 'copy' | 'zerocopy';

/** What an AF_XDP socket stands on. */
export interface XdpRequest {
  readonly networkInterface: NetworkInterface;
  readonly queue: number;
  readonly mode: XdpMode;
  /** Its region `umem` becomes the UMEM, rings and accounts go to `rings`. */
  readonly memory: UserMemory;
  readonly chunkLen: number;
  /** Frames may take several chunks (XDP_USE_SG, Linux 6.6 or later). */
  readonly scatterGather: boolean;
}

/** `struct xdp_desc`. */
const TX_DESCRIPTOR_LEN = 16;
/** The kernel wants a fill ring with every UMEM; a sender puts nothing into it. */
const FILL_RING_SIZE = 64;

/** An AF_XDP socket that only sends: UMEM registered, rings mapped, bound to one queue of an interface. */
export class XdpSocket {
  readonly fd: number;
  readonly tx: XdpRing;
  readonly completion: XdpRing;
  readonly frames: UmemFrames;
  /** The driver reads the UMEM itself; else the kernel copies each frame into an skb. */
  readonly zerocopy: boolean;

  /**
   * @throws UfoError EPERM; EBUSY: the queue has its socket already; ENOBUFS: more memory locked than allowed; ENETDOWN;
   *   EOPNOTSUPP: mode 'zerocopy' and the driver has none; ERR_UFO_INVALID_ARGUMENT: no such queue; ERR_UFO_UNSUPPORTED: a
   *   kernel without AF_XDP.
   */
  constructor(request: XdpRequest) {
    const { networkInterface, queue, memory, chunkLen } = request;
    const queues = networkInterface.txQueues;
    if (!Number.isInteger(queue) || queue < 0 || queue >= queues) {
      throw argumentError('queue', queue, `0…${queues - 1}: ${networkInterface.name} has ${queues} transmit queue(s)`);
    }
    this.fd = openXdpFd();
    const mapped: XdpRing[] = [];
    try {
      registerUmem(this.fd, request);
      const chunks = memory.umem.len / chunkLen;
      const slots = 2 ** Math.ceil(Math.log2(chunks)); // as many slots as chunks: neither ring can run full
      setSockOptInt(this.fd, SOL_XDP, XDP_UMEM_FILL_RING, FILL_RING_SIZE);
      setSockOptInt(this.fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, slots);
      setSockOptInt(this.fd, SOL_XDP, XDP_TX_RING, slots);
      // Frames that one wake-up sends in copy mode: 32 before Linux 6.17, which has no such option.
      libc().setsockopt(this.fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, Uint32Array.of(slots), 4);
      const { tx, completion } = ringOffsets(this.fd);
      const space = new RingSpace(memory);
      this.tx = new XdpRing(space, this.fd, XDP_PGOFF_TX_RING, tx, slots * TX_DESCRIPTOR_LEN);
      mapped.push(this.tx);
      this.completion = new XdpRing(space, this.fd, XDP_UMEM_PGOFF_COMPLETION_RING, completion, slots * 8);
      mapped.push(this.completion);
      this.frames = new UmemFrames(memory, {
        chunkLen,
        slots,
        transmit: this.tx.descriptors,
        completion: this.completion.descriptors,
        accounts: space.take(accountsLen(chunks)),
      });
      bindXdp(this.fd, request);
      this.zerocopy = (getSockOptInt(this.fd, SOL_XDP, XDP_OPTIONS) & XDP_OPTIONS_ZEROCOPY) !== 0;
    } catch (error) {
      for (const ring of mapped) ring.unmap(); // a mapped ring keeps the socket, and its locked memory, alive
      libc().close(this.fd);
      throw error;
    }
  }

  /** Shows the kernel what has been described. */
  publish(): void {
    this.tx.producer = this.frames.producer;
  }

  /** Takes back what the kernel is done with. */
  reap(): void {
    const ready = this.completion.waiting;
    if (ready === 0) return;
    this.frames.reap(ready);
    this.completion.consumer = this.frames.consumer;
  }

  /** Makes the kernel look at the transmit ring: 0, or −errno. In copy mode it sends within this call. */
  wake(): number {
    return libc().send(this.fd, null, 0, MSG_DONTWAIT) < 0 ? -lastErrno() : 0;
  }

  close(): void {
    this.tx.unmap();
    this.completion.unmap();
    libc().close(this.fd);
  }
}

function openXdpFd(): number {
  const fd = libc().socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd >= 0) return fd;
  const errno = lastErrno();
  if (errno === ERRNO.EAFNOSUPPORT) {
    throw unsupportedError('this kernel has no AF_XDP (CONFIG_XDP_SOCKETS)', 'use the driver packet-socket');
  }
  throw systemError(
    errno,
    'socket',
    hintIfForbidden(errno, () => explainEperm('AF_XDP sockets')),
  );
}

function registerUmem(fd: number, { memory, chunkLen }: XdpRequest): void {
  const { offset, len } = memory.umem;
  const registration = new DataView(new ArrayBuffer(32)); // struct xdp_umem_reg: addr, len, chunk_size, headroom, flags
  registration.setBigUint64(0, BigInt(memory.address + offset), true);
  registration.setBigUint64(8, BigInt(len), true);
  registration.setUint32(16, chunkLen, true);
  const bytes = new Uint8Array(registration.buffer);
  if (libc().setsockopt(fd, SOL_XDP, XDP_UMEM_REG, bytes, bytes.length) === 0) return;
  throw lastErrno() === ERRNO.ENOBUFS ? memlockError(len) : lastError('setsockopt', { reason: 'XDP_UMEM_REG' });
}

function memlockError(umemLen: number): UfoError {
  const limit = readPrivileges().memlockLimit;
  return systemError(ERRNO.ENOBUFS, 'setsockopt', {
    reason: `a UMEM of ${umemLen} octets is more locked memory than this user may have (RLIMIT_MEMLOCK ${limit})`,
    hint: 'raise it (ulimit -l unlimited, or LimitMEMLOCK= of the service), or give node cap_ipc_lock',
  });
}

function bindXdp(fd: number, { networkInterface, queue, mode, scatterGather }: XdpRequest): void {
  const forced = mode === 'auto' ? 0 : mode === 'copy' ? XDP_COPY : XDP_ZEROCOPY; // 0: zero-copy first, else copy
  const address = new DataView(new ArrayBuffer(16)); // struct sockaddr_xdp: family, flags, ifindex, queue_id, umem fd
  address.setUint16(0, AF_XDP, true);
  address.setUint16(2, forced | XDP_USE_NEED_WAKEUP | (scatterGather ? XDP_USE_SG : 0), true);
  address.setUint32(4, networkInterface.ifindex, true);
  address.setUint32(8, queue, true);
  const bytes = new Uint8Array(address.buffer);
  if (libc().bind(fd, bytes, bytes.length) === 0) return;
  const errno = lastErrno();
  const { name } = networkInterface;
  throw systemError(errno, 'bind', { path: `${name} queue ${queue}`, ...bindHint(errno, name) });
}

function bindHint(errno: number, name: string): { hint?: string } {
  switch (errno) {
    case ERRNO.EBUSY:
      return { hint: 'another AF_XDP socket has this queue: take another queue, or end that program' };
    case ERRNO.ENETDOWN:
      return { hint: `ip link set ${name} up` };
    case ERRNO.EOPNOTSUPP:
      return { hint: `the driver of ${name} has no zero-copy AF_XDP: use copy mode` };
    default:
      return {};
  }
}
