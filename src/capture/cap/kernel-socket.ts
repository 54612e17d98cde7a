import { readdirSync, readlinkSync } from 'node:fs';
import { PACKET_STATISTICS, SOL_PACKET } from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import { readOrNull } from '../../host/read-or-null.js';

/** A row of /proc/net/packet. */
export interface PacketSocketRow {
  readonly inode: string;
  readonly ifindex: number;
  readonly running: boolean;
}

/** The rows of /proc/net/packet: the packet sockets of this network namespace. */
export function parsePacketSockets(text: string): PacketSocketRow[] {
  const rows: PacketSocketRow[] = [];
  for (const line of text.split('\n').slice(1)) {
    // sk RefCnt Type Proto Iface R Rmem User Inode
    const fields = line.trim().split(/\s+/);
    if (fields.length >= 9) rows.push({ inode: fields[8]!, ifindex: Number(fields[4]), running: fields[5] === '1' });
  }
  return rows;
}

/** Frames that passed the filter since the socket was opened, and how many of them found no room in the ring. */
export interface PacketCounters {
  readonly packets: number;
  readonly drops: number;
}

/**
 * The packet socket that libpcap opened for npm `cap`, which gives neither its descriptor nor its counters away. Found by
 * comparing the sockets under /proc/self/fd with /proc/net/packet.
 */
export class CaptureSocket {
  readonly #fd: number;
  readonly #inode: string;
  readonly #value = Buffer.alloc(4096).subarray(0, 12);
  #packets = 0;
  #drops = 0;

  private constructor(fd: number, inode: string) {
    this.#fd = fd;
    this.#inode = inode;
  }

  /** Those of this process, by inode: libpcap opens them without O_CLOEXEC, so some may be inherited. */
  static own(): Map<string, number> {
    const inodes = new Set(rows().map((row) => row.inode));
    const own = new Map<string, number>();
    for (const fd of descriptors()) {
      const inode = /^socket:\[(\d+)\]$/.exec(link(fd))?.[1];
      if (inode !== undefined && inodes.has(inode)) own.set(inode, Number(fd));
    }
    return own;
  }

  /** The one that was not there `before`. Null where there is none, or /proc can't be read. */
  static since(before: ReadonlyMap<string, number>): CaptureSocket | null {
    for (const [inode, fd] of CaptureSocket.own()) if (!before.has(inode)) return new CaptureSocket(fd, inode);
    return null;
  }

  /** Whether the kernel hands frames to it: bound, and its interface up. */
  running(): boolean {
    return rows().some((row) => row.inode === this.#inode && row.running);
  }

  /**
   * Totals since the start. The kernel's own counters start again from 0 with every reading (packet_getsockopt), so this
   * must be their only reader. Null once the socket is gone.
   */
  counters(): PacketCounters | null {
    // struct tpacket_stats { tp_packets, tp_drops }, the first two fields of tpacket_stats_v3 as well
    const len = Uint32Array.of(this.#value.length);
    if (libc().getsockopt(this.#fd, SOL_PACKET, PACKET_STATISTICS, this.#value, len) !== 0) return null;
    const view = new DataView(this.#value.buffer, this.#value.byteOffset);
    const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
    this.#packets += view.getUint32(0, littleEndian);
    this.#drops += view.getUint32(4, littleEndian);
    return { packets: this.#packets, drops: this.#drops };
  }
}

function rows(): PacketSocketRow[] {
  return parsePacketSockets(readOrNull('/proc/self/net/packet') ?? '');
}

function descriptors(): string[] {
  try {
    return readdirSync('/proc/self/fd');
  } catch {
    return [];
  }
}

function link(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
