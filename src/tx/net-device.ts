import type { PagePool } from '../memory/page-pool.js';
import type { SegmentTable } from '../memory/segment-table.js';
import type { Flow } from '../skb/flow.js';
import type { SkBuff } from '../skb/skbuff.js';
import type { DriverName } from './driver.js';
import type { LinkRequest } from './link-request.js';

export type { DriverName } from './driver.js';
export type { LinkRequest } from './link-request.js';

/** Packets that were taken from us and never went out, by where they were lost; null where this driver cannot know. */
export interface LostFrames {
  /** Refused by a full socket buffer (ENOBUFS) and not repeated. */
  readonly socket: number | null;
  /** Dropped by the interface's queue, or by its driver without an error (`tx_dropped`). */
  readonly qdisc: number | null;
  /** Counted as errors by the interface's driver (`tx_errors`: no carrier, an aborted frame). */
  readonly driver: number | null;
  /** Waited for a neighbour that does not answer, and dropped for it. */
  readonly neighbour: number | null;
  /** Dropped by a full receive backlog of this machine (veth, lo; softnet_stat). */
  readonly backlog: number | null;
  /** Not counted as sent by the interface, nor as lost by anybody. May still be under way (`settledLoss` waits for those). */
  readonly unknown: number | null;
}

/** One batch on its way to a device; `walkRow` and `gatherRow` of memory/ know where a row's octets lie. */
export interface TxBatch {
  readonly table: SegmentTable;
  readonly pool: PagePool;
  /** The datagrams whose rows are in the table (`rowSkb`). Each is held by the sender for the batch. */
  readonly skbs: readonly SkBuff[];
}

/** Octets of a row's frame, link header included. */
export function rowLen({ table }: TxBatch, row: number): number {
  return table.frameLen[row]!;
}

/** The datagram that a row belongs to. */
export function rowSkb({ table, skbs }: TxBatch, row: number): SkBuff {
  return skbs[table.owner[row]!]!;
}

/**
 * A network device in the kernel's sense: features, an MTU and `xmit`. Rows are whole frames as this driver wants them
 * (from the IP header on, or with the link header that `linkHeader` gave in front).
 */
export interface NetDevice extends AsyncDisposable {
  /** Interface name, or the file. */
  readonly name: string;
  readonly driver: DriverName;
  readonly ifindex: number;
  /** Rows are packets with headers of ours; otherwise payloads, and the kernel writes headers and cuts. */
  readonly writesHeaders: boolean;
  /** Captures on this very interface see what it sends. */
  readonly seenByCaptures: boolean;
  /** Largest IP packet, in octets. */
  readonly mtu: number;
  /** The same where the interface has come to another MTU; left out: just that. VLAN tags take theirs from the packet. */
  packetMtu?(interfaceMtu: number): number;
  /** NETIF_F_… */
  readonly features: number;
  /** For a device with NETIF_F_UFO: who cuts. */
  readonly ufoKind?: 'kernel-ufo' | 'device-ufo';
  /** For a device with NETIF_F_UFO: why datagrams of this family can't be handed over whole after all; null where they can. */
  ufoRefusal?(family: 4 | 6): string | null;
  /**
   * Whether equal datagrams of a flow can be handed over joined (SKB_GSO_UDP_L4), so that the wire carries them one by one
   * again: null where they can, else why not; undefined where that is no question, as with datagrams that do not fit the MTU.
   */
  usoRefusal?(flow: Flow, payloadLen: number): string | null | undefined;
  /** The kernel puts length and checksum of IPv4 headers right (`raw_send_hdrinc`): they can't be wrong on purpose. */
  readonly rightsIpv4Headers?: boolean;
  /** Frames leave with the caller's octets still in the user pages (no copy by us, none by the kernel). */
  readonly zerocopy: boolean;

  /**
   * The link header for a destination (Ethernet, VLAN tags; 0 octets where the driver begins at IP), resolving the next
   * hop if need be.
   * @throws UfoError ENETUNREACH, EHOSTUNREACH, ENETDOWN.
   */
  linkHeader(request: LinkRequest): Promise<Uint8Array>;

  /** Shown every datagram before it is cut, or handed over (the kernel's packet taps, `dev_queue_xmit_nit`). Must not throw. */
  tap?(skb: SkBuff): void;

  /**
   * Hands rows `[first, batch.table.rows)` to the kernel, in order, without blocking.
   *
   * Returns how many rows were taken, at least 1; or, where not even the first one was, −errno: −EAGAIN and −ENOBUFS mean
   * "full, wait for `writable`", anything else is that row's own failure (−EMSGSIZE, −EPERM, −ENETDOWN, …), and the rows
   * behind it have not been tried. May take fewer rows than it could, to return to the event loop in time.
   */
  xmit(batch: TxBatch, first: number): number;

  /** Resolves when another `xmit` is worth trying. Bounded waits inside, no spinning. */
  writable(signal?: AbortSignal): Promise<void>;

  /** For a device above the IP stack: whether members of a group on this very host get what is sent to it (they do). */
  setMulticastLoopback?(on: boolean): void;

  /** What a user should know about this way out of the machine, in whole sentences; none where all is as usual. */
  readonly notes?: readonly string[];

  /** The system call that `xmit` makes, for error messages. */
  readonly syscall: string;

  /** What this device has lost so far. */
  lost(): LostFrames;

  /** Whether a neighbour that packets were for does not answer, where finding them is the kernel's business; null: not known. */
  neighboursMissing?(): Promise<boolean | null>;

  /** Packets that the kernel has taken, for a device with `neighboursMissing`. */
  readonly taken?: number;

  /** Waits until the device is done with every row taken (completion rings), then releases everything. Idempotent. */
  close(): Promise<void>;
}
