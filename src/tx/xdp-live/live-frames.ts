import { ERRNO, systemError, UfoError, unsupportedError } from '../../errors.js';
import { BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_XDP, createArrayMap, loadProgram } from '../../host/bpf.js';
import { MAP_SHARED, PROT_READ, PROT_WRITE } from '../../host/constants.js';
import type { NetworkInterface } from '../../host/interfaces.js';
import { libc, mapFailed, viewOf } from '../../host/libc.js';
import { NETDEV_XDP_ACT_NDO_XMIT, NetdevGenl } from '../../host/netdev-genl.js';
import { explainEperm } from '../../host/privileges.js';
import { lastError } from '../../host/socket-calls.js';
import { ROWS } from '../../memory/segment-kernel.js';
import { PAGE_SIZE, type UserMemory } from '../../memory/user-memory.js';
import * as ethernet from '../../wire/ethernet.js';
import { liveMemory } from './live-memory.js';
import { LiveRun } from './live-run.js';
import { PrivateTap } from './private-tap.js';
import { CONTROL, detourProgram, liveProgram } from './program.js';

export type LiveWay = 'redirect' | 'pass';

const CONTROL_LEN = PAGE_SIZE;
const MOST_SIGNALS = 100;

/**
 * The program, what it reads, and the private taps that it hangs on, for one interface. Whether frames are redirected or go
 * by way of the stack is decided before each run: what is redirected to an interface that does not want it vanishes.
 */
export class LiveFrames {
  /** Octets of the longest frame that the kernel makes. */
  readonly longest: number;
  readonly #name: string;
  readonly #genl: NetdevGenl;
  readonly #asked: LiveWay | undefined;
  /** Why frames cannot go by way of the stack; null where they can. */
  readonly #noPass: string | null = null;
  readonly #control: Uint32Array;
  readonly #run: LiveRun;
  readonly #open: (() => void)[] = [];

  /** @throws UfoError ERR_UFO_UNSUPPORTED: why frames would vanish, or cannot be made */
  constructor({ name, ifindex, mtu }: NetworkInterface, wanted: number, memory: UserMemory, asked?: LiveWay) {
    this.#name = name;
    this.#asked = asked;
    try {
      this.#genl = this.#closing(new NetdevGenl(ifindex));
      const live = liveMemory(memory);
      this.#open.push(() => live.release());
      const controlFd = this.#fd(createArrayMap(CONTROL_LEN));
      this.#control = this.#mapped(controlFd);
      const from = { controlFd, memoryFd: live.fd, memoryLen: live.len, table: memory.table.offset, ifindex };
      const program = this.#fd(loadProgram(BPF_PROG_TYPE_XDP, liveProgram(from)));
      const holder = this.#closing(new PrivateTap());
      holder.holdXdp(program);
      let ingress = holder.ifindex;
      if (asked !== 'redirect') [ingress, this.#noPass] = this.#detour(ifindex, ingress);
      this.#run = new LiveRun(program, ingress);
      this.longest = this.#longestFrame(wanted, mtu);
      if (this.way() === null) throw this.#wouldVanish();
    } catch (error) {
      this.close();
      throw notRoot(error) ?? error;
    }
  }

  /** The way that frames take now, which the peer of an interface decides and may change; null: they would vanish. */
  way(): LiveWay | null {
    if (this.#asked !== 'pass' && takesRedirected(this.#genl) === true) return 'redirect';
    return this.#asked !== 'redirect' && this.#noPass === null ? 'pass' : null;
  }

  /** Makes frames of rows `[first, end)`, each first `frameLen` octets long: how many, or −errno. */
  run(first: number, end: number, frameLen: number): number {
    const way = this.way();
    if (way === null) return -ERRNO.EOPNOTSUPP;
    this.#control[CONTROL.pass] = way === 'pass' ? 1 : 0;
    this.#control[CONTROL.next] = first;
    const result = this.#run.run(end - first, frameLen);
    const made = this.#control[CONTROL.next]! - first;
    if (made > 0) return made; // a signal may have ended the run early
    return result === -ERRNO.EINTR ? -ERRNO.EAGAIN : result;
  }

  /** Frames that the program could not make of their rows, which a run counts as made. */
  get refused(): number {
    return this.#control[CONTROL.refused]!;
  }

  close(): void {
    for (const end of this.#open.splice(0).reverse()) end();
  }

  #wouldVanish(): UfoError {
    const why =
      takesRedirected(this.#genl) === null
        ? 'this kernel (before Linux 6.3) does not tell whether it sends what is redirected to it'
        : 'it sends nothing that is redirected to it (no NDO_XMIT among its XDP features)';
    const other = this.#noPass === null ? '' : `, and the way by the stack needs tcx (Linux 6.6): ${this.#noPass}`;
    return unsupportedError(
      `live frames would vanish on ${this.#name}: ${why}${other}`,
      'of a veth, turn GRO on at its peer (ethtool -K PEER gro on); or use af-xdp or packet-socket',
    );
  }

  /**
   * Another tap, whose ingress leads out of the interface (on the holder's the program would run once more): its ifindex, or
   * `otherwise` and why not.
   */
  #detour(ifindex: number, otherwise: number): [ingress: number, refusal: string | null] {
    const program = this.#fd(loadProgram(BPF_PROG_TYPE_SCHED_CLS, detourProgram(ifindex)));
    const tap = this.#closing(new PrivateTap());
    try {
      tap.holdIngress(program);
      return [tap.ifindex, null];
    } catch (error) {
      return [otherwise, (error as Error).message];
    }
  }

  /** Tries frames that the program drops: there is no row behind the last one. */
  #longestFrame(wanted: number, mtu: number): number {
    if (this.#makes(wanted)) return wanted;
    if (!this.#makes(ethernet.HEADER_LEN + 46)) {
      throw unsupportedError('this kernel makes no live frames (Linux 5.18 or later does)', 'use af-xdp');
    }
    let [fits, tooLong] = [ethernet.HEADER_LEN + 46, wanted];
    while (tooLong - fits > 1) {
      const middle = (fits + tooLong) >>> 1;
      if (this.#makes(middle)) fits = middle;
      else tooLong = middle;
    }
    throw unsupportedError(
      `the MTU of ${this.#name} is ${mtu}: a live frame must fit a page, and holds ${fits - ethernet.HEADER_LEN} octets of packet at most`,
      `ip link set ${this.#name} mtu ${fits - ethernet.HEADER_LEN}, or use af-xdp or virtio-ufo`,
    );
  }

  /** @throws UfoError where that is not because of the frame */
  #makes(frameLen: number): boolean {
    this.#control[CONTROL.next] = ROWS;
    let result = this.#run.run(1, frameLen);
    // A signal says nothing of the frame; so many in a row are none.
    for (let again = 0; result === -ERRNO.EINTR && again < MOST_SIGNALS; again++) result = this.#run.run(1, frameLen);
    this.#control[CONTROL.refused] = 0;
    if (result < 0 && result !== -ERRNO.EINVAL) throw systemError(-result, 'bpf', { reason: 'BPF_PROG_TEST_RUN' });
    return result === 0;
  }

  #fd(fd: number): number {
    this.#open.push(() => libc().close(fd));
    return fd;
  }

  #mapped(fd: number): Uint32Array {
    const address = libc().mmap(null, CONTROL_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapFailed(address)) throw lastError('mmap', { reason: 'the control map' });
    this.#open.push(() => libc().munmap(address, CONTROL_LEN));
    return new Uint32Array(viewOf(address, CONTROL_LEN));
  }

  #closing<T extends { close(): void }>(one: T): T {
    this.#open.push(() => one.close());
    return one;
  }
}

/** null: this kernel does not tell. */
function takesRedirected(genl: NetdevGenl): boolean | null {
  const features = genl.xdpFeatures();
  return features === null ? null : (features & NETDEV_XDP_ACT_NDO_XMIT) !== 0;
}

function notRoot(error: unknown): UfoError | null {
  if (!(error instanceof UfoError) || (error.code !== 'EPERM' && error.code !== 'EACCES')) return null;
  return unsupportedError(
    `live frames need root in the first user namespace (CAP_BPF and CAP_NET_ADMIN): ${error.message}`,
    `use af-xdp, or packet-socket; ${explainEperm('BPF programs', 'CAP_BPF')}`,
  );
}
