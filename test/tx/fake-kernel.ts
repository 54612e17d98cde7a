import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { ERRNO } from '../../src/errors.js';
import type { NetworkInterface } from '../../src/host/interfaces.js';
import { koffi, viewOf } from '../../src/host/libc.js';
import { interposeNativeCalls, type NativeCall } from '../../src/host/native-calls.js';

type Errno = keyof typeof ERRNO;
type Answer = (...words: never[]) => number;

/** One message of a sendmmsg(2), as the kernel reads it. */
export interface SentMessage {
  readonly fd: number;
  readonly name: string;
  readonly control: Uint8Array;
  readonly octets: Uint8Array;
}

/** An option as it was set: `level.option` → value, of the last call for each descriptor. */
export type Options = Map<string, Uint8Array>;

const FIRST_FD = 1000;
const MMSGHDR_LEN = 64;

/**
 * What drivers stand on, answered by the test instead of Linux: descriptors are only numbers, every option, address and
 * message is kept, and any call can be made to fail. Stands in front of all native calls from where it is imported.
 */
export class FakeKernel {
  /** Descriptors that are open. */
  readonly open = new Set<number>();
  readonly sent: SentMessage[] = [];
  readonly options = new Map<number, Options>();
  /** Socket addresses by descriptor, in hexadecimal digits. */
  readonly bound = new Map<number, string>();
  readonly connected = new Map<number, string[]>();
  /** `domain,type,protocol` of each socket that was opened. */
  readonly sockets: string[] = [];
  /** How many messages one sendmmsg(2) takes at most. */
  most = Number.POSITIVE_INFINITY;
  /** Of near0, for ioctl(2): MTU, flags, and ethtool features that there are and whether they are on. */
  mtu = 1500;
  flags = 0x41; // IFF_UP | IFF_RUNNING
  features: Record<string, boolean> = { 'tx-checksum-ip-generic': true };
  /** What counts of the interface say: /proc/net/dev and the backlog. */
  counted = { packets: 0, errors: 0, dropped: 0, backlog: 0 };
  /** Settings under /proc/sys/net by path; all others are off. */
  files: Record<string, string> = {};
  /** Answers of a test's own, by the call's name. */
  answers: Record<string, Answer> = {};
  readonly #faults = new Map<string, { errno: Errno; after: number; times: number }>();
  #nextFd = FIRST_FD;

  /** Lets a call fail, the first `after` aside, `times` times. */
  fail(name: string, errno: Errno, { after = 0, times = Number.POSITIVE_INFINITY } = {}): void {
    this.#faults.set(name, { errno, after, times });
  }

  heal(): void {
    this.#faults.clear();
  }

  /** The value of an integer option as it was set last; undefined where nobody did. */
  option(fd: number, level: number, name: number): number | undefined {
    const value = this.options.get(fd)?.get(`${level}.${name}`);
    return value === undefined ? undefined : new DataView(value.buffer, value.byteOffset).getInt32(0, true);
  }

  /** The descriptor that was opened first of those that are open. */
  get fd(): number {
    const [fd] = [...this.open];
    return fd!;
  }

  newFd(): number {
    const fd = this.#nextFd++;
    this.open.add(fd);
    return fd;
  }

  /** Fails with errno set, as system calls do. */
  refuse(errno: Errno): -1 {
    koffi().errno(ERRNO[errno]);
    return -1;
  }

  call(name: string, words: readonly unknown[]): number {
    const fault = this.#faults.get(name);
    if (fault !== undefined && fault.after-- <= 0 && fault.times-- > 0) return this.refuse(fault.errno);
    const answer = this.answers[name] ?? this.#answers[name];
    return answer === undefined ? 0 : answer(...(words as never[]));
  }

  readonly #answers: Record<string, Answer> = {
    socket: (...words: number[]) => {
      this.sockets.push(words.join());
      return this.newFd();
    },
    open: () => this.newFd(),
    close: (fd: number) => (this.open.delete(fd) ? 0 : this.refuse('EBADF')),
    bind: (fd: number, address: unknown, len: number) => {
      this.bound.set(fd, hex(octetsAt(address, len)));
      return 0;
    },
    connect: (fd: number, address: unknown, len: number) => {
      this.connected.set(fd, [...(this.connected.get(fd) ?? []), hex(octetsAt(address, len))]);
      return 0;
    },
    setsockopt: (fd: number, level: number, name: number, value: unknown, len: number) => {
      const set: Options = this.options.get(fd) ?? new Map();
      this.options.set(fd, set.set(`${level}.${name}`, octetsAt(value, len)));
      return 0;
    },
    sendmmsg: (fd: number, messages: number, count: number) => {
      const taken = Math.min(count, this.most);
      for (let i = 0; i < taken; i++) this.sent.push(messageAt(fd, messages + i * MMSGHDR_LEN));
      return taken;
    },
    ioctl: (_fd: number, request: number, argument: Uint8Array) => this.#ioctl(request, viewOn(argument)),
    // What is mapped over our memory stays our memory, and the test writes there.
    mmap: (address: number | null) => address ?? this.refuse('ENOMEM'),
    poll: () => 1,
  };

  #ioctl(request: number, ifreq: DataView): number {
    if (request === 0x8921) ifreq.setInt32(16, this.mtu, true);
    else if (request === 0x8913) ifreq.setUint16(16, this.flags, true);
    else if (request === 0x8946) this.#ethtool(Number(ifreq.getBigUint64(16, true)));
    return 0;
  }

  /** ETHTOOL_GSSET_INFO, GSTRINGS and GFEATURES. */
  #ethtool(address: number): void {
    const names = Object.keys(this.features);
    const argument = new DataView(viewOf(address, 1024));
    const command = argument.getUint32(0, true);
    if (command === 0x37) argument.setUint32(16, names.length, true);
    else if (command === 0x1b) {
      for (const [i, name] of names.entries())
        Buffer.from(argument.buffer, 12 + 32 * i, 32)
          .fill(0)
          .write(name);
    } else if (command === 0x3a) {
      for (const [bit, name] of names.entries()) {
        const at = 8 + 16 * (bit >>> 5) + 8;
        argument.setUint32(at, argument.getUint32(at, true) | (Number(this.features[name]) << (bit & 31)), true);
      }
    }
  }

  /** Text of a file of /proc that the drivers read; undefined for all others. */
  proc(path: string): string | undefined {
    const { packets, errors, dropped, backlog } = this.counted;
    if (path.endsWith('/net/dev')) return ` near0: 0 0 0 0 0 0 0 0 0 ${packets} ${errors} ${dropped} 0 0 0 0\n`;
    if (path.endsWith('/softnet_stat')) return `00000000 ${backlog.toString(16).padStart(8, '0')} 00000000\n`;
    return path.startsWith('/proc/sys/net/') ? (this.files[path] ?? '0\n') : undefined;
  }
}

let kernel = new FakeKernel();
interposeNativeCalls((name, call): NativeCall => {
  if (name === 'strerror') return call;
  const instead = (...words: unknown[]): unknown => kernel.call(name, words);
  return Object.assign(instead, {
    async: (...words: unknown[]) => {
      const done = words.at(-1) as (error: null, result: number) => void;
      const result = name === 'poll' ? polled(words[0] as Uint8Array) : kernel.call(name, words);
      setImmediate(() => done(null, result));
    },
  });
});
const readFileSync = fs.readFileSync;
fs.readFileSync = ((path: string, ...rest: []) =>
  kernel.proc(String(path)) ?? readFileSync(path, ...rest)) as typeof readFileSync;
syncBuiltinESMExports();

/** Everything can be written. */
function polled(pollfd: Uint8Array): number {
  viewOn(pollfd).setInt16(6, 4, true); // POLLOUT
  return kernel.call('poll', [pollfd]);
}

/** A kernel that knows of nothing before. */
export function newKernel(): FakeKernel {
  kernel = new FakeKernel();
  return kernel;
}

export const NEAR0: NetworkInterface = {
  ...{ name: 'near0', ifindex: 7, mtu: 1500, mac: '02:00:00:00:00:01', up: true, carrier: true },
  ...{ linkType: 'ether', kind: 'veth', txQueues: 2, rxQueues: 2, gsoMaxSize: 65_536, addresses: [] },
  statistics: {} as NetworkInterface['statistics'],
};

/**
 * `struct xdp_mmap_offsets` of getsockopt(SOL_XDP, XDP_MMAP_OFFSETS), all four rings alike: where producer, consumer, descriptors
 * and flags lie.
 */
export function answerRingOffsets(value: unknown, len: unknown, fields: readonly number[]): number {
  const offsets = new BigUint64Array((value as Uint8Array).buffer);
  for (let ring = 0; ring < 4; ring++) offsets.set(fields.map(BigInt), 4 * ring);
  (len as Uint32Array)[0] = offsets.byteLength;
  return 0;
}

export function octetsAt(where: unknown, len: number): Uint8Array {
  if (where === null || len === 0) return new Uint8Array(0);
  if (typeof where === 'number') return new Uint8Array(viewOf(where, len)).slice();
  const { buffer, byteOffset } = where as Uint8Array;
  return new Uint8Array(buffer, byteOffset, len).slice();
}

export function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

function viewOn({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** `struct mmsghdr`: name, its length, iovecs, their count, control, its length. */
function messageAt(fd: number, address: number): SentMessage {
  const header = new DataView(viewOf(address, MMSGHDR_LEN));
  const word = (at: number): number => Number(header.getBigUint64(at, true));
  const count = word(24);
  const iovecs = new DataView(viewOf(word(16), Math.max(1, count) * 16));
  const parts = Array.from({ length: count }, (_, i) =>
    octetsAt(Number(iovecs.getBigUint64(16 * i, true)), Number(iovecs.getBigUint64(16 * i + 8, true))),
  );
  return {
    fd,
    name: hex(octetsAt(word(0), header.getUint32(8, true))),
    control: octetsAt(word(32), word(40)),
    octets: new Uint8Array(Buffer.concat(parts)),
  };
}
