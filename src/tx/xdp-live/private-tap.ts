import type { UfoError } from '../../errors.js';
import { BPF_TCX_INGRESS, BPF_XDP, linkProgram, XDP_FLAGS_SKB_MODE } from '../../host/bpf.js';
import { IFF_NO_PI, IFF_TAP, O_CLOEXEC, O_RDWR, TUNSETIFF } from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import { lastError } from '../../host/socket-calls.js';

const IFNAMSIZ = 16;
const IFREQ_LEN = 40;

/**
 * An interface of our own that frames are said to have come in by; it is never set up, and goes with its descriptor. The XDP
 * program hangs there, because the kernel waits for RCU (14 ms a run) for a program that hangs nowhere.
 */
export class PrivateTap {
  readonly ifindex: number;
  readonly #fds: number[];

  /** @throws UfoError EPERM without CAP_NET_ADMIN, ENOENT without the tun module */
  constructor() {
    const path = '/dev/net/tun';
    const fd = libc().open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) throw lastError('open', { path, hint: 'modprobe tun' });
    this.#fds = [fd];
    const ifreq = Buffer.alloc(IFREQ_LEN);
    ifreq.write('udp-ufo%d', 0, IFNAMSIZ - 1, 'latin1');
    ifreq.writeUInt16LE(IFF_TAP | IFF_NO_PI, IFNAMSIZ);
    if (libc().ioctl(fd, TUNSETIFF, ifreq) < 0) throw this.#failure('ioctl', 'TUNSETIFF');
    this.ifindex = libc().if_nametoindex(ifreq.toString('latin1', 0, ifreq.indexOf(0)));
    if (this.ifindex === 0) throw this.#failure('if_nametoindex', 'the private tap');
  }

  holdXdp(program: number): void {
    this.#fds.unshift(linkProgram(program, this.ifindex, BPF_XDP, XDP_FLAGS_SKB_MODE));
  }

  /** What comes in here goes through `program` (tcx, Linux 6.6 or later). */
  holdIngress(program: number): void {
    this.#fds.unshift(linkProgram(program, this.ifindex, BPF_TCX_INGRESS, 0));
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) libc().close(fd);
  }

  #failure(syscall: string, reason: string): UfoError {
    const failure = lastError(syscall, { reason });
    this.close();
    return failure;
  }
}
