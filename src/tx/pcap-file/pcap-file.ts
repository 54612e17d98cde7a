import type { Writable } from 'node:stream';
import { argumentError, ERRNO, systemError, UfoError } from '../../errors.js';
import { openOutputStream } from '../../host/output-stream.js';
import { gatherRow } from '../../memory/gather-row.js';
import { NETIF_F_SG } from '../../skb/features.js';
import { type CaptureFormat, captureFormat, captureKind } from '../../wire/capture-format.js';
import { datagramComments } from '../../wire/datagram-comments.js';
import * as ethernet from '../../wire/ethernet.js';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../wire/link-layer.js';
import type { FrameFields } from '../../wire/pcapng-writer.js';
import { type LinkRequest, type LostFrames, type NetDevice, rowLen, type TxBatch } from '../net-device.js';
import { CHUNK_LEN, ChunkWriter } from './chunk-writer.js';

export interface PcapFileOptions {
  /** A path (`-`: standard output, which stays open; pcapng where it ends so), or a stream, which `close` ends. */
  readonly target: string | Writable;
  /** Largest IP packet, octets. */
  readonly mtu: number;
  /** Frames begin with this Ethernet header; without it the file is one of raw IP packets. MACs of 6 octets. */
  readonly ethernet?: {
    readonly source: Uint8Array;
    readonly destination: Uint8Array;
    /** Outermost first. */
    readonly vlans?: readonly ethernet.VlanTag[];
  };
  /** NETIF_F_… that the device is to have; NETIF_F_SG by default. With NETIF_F_UFO whole datagrams are written. */
  readonly features?: number;
  /** The time stamped on frames, nanoseconds since the epoch; asked once per batch. */
  readonly now?: () => bigint;
  /** Ends waiting for whoever reads a FIFO. */
  readonly signal?: AbortSignal | undefined;
}

/** Octets around a frame at most: headers, padding, a comment; and those of the file's own header. */
const AROUND = 512;
/** Octets of a frame that a chunk holds, the file's header in front. Only plans make longer ones, and readers take none. */
const LONGEST_ROW = CHUNK_LEN - 2 * AROUND;
const NO_LINK_HEADER = new Uint8Array(0);
const NONE_LOST: LostFrames = { socket: 0, qdisc: 0, driver: 0, neighbour: 0, backlog: 0, unknown: 0 };

/**
 * A device that writes what would go out into a pcap file; it needs no privilege.
 * @throws UfoError of the system (EACCES, ENOENT, EISDIR …) where the file cannot be opened.
 */
export async function openPcapFile(options: PcapFileOptions): Promise<NetDevice> {
  const { target, mtu } = options;
  if (!Number.isInteger(mtu) || mtu < 1 || mtu > 65_575) throw argumentError('mtu', mtu, '1 … 65575 octets');
  for (const mac of [options.ethernet?.source, options.ethernet?.destination]) {
    if (mac !== undefined && mac.length !== ethernet.MAC_LEN) throw argumentError('MAC', mac, '6 octets');
  }
  if (typeof target !== 'string') return new PcapFileDevice(options, target, 'stream', false);
  const { stream, replaces } = await openOutputStream(target, options.signal);
  return new PcapFileDevice(options, stream, target, replaces);
}

class PcapFileDevice implements NetDevice {
  readonly name: string;
  readonly driver = 'pcap-file';
  readonly ifindex = 0;
  readonly mtu: number;
  readonly features: number;
  readonly writesHeaders = true;
  readonly seenByCaptures = false;
  readonly zerocopy = false;
  readonly syscall = 'write';
  readonly #options: PcapFileOptions;
  readonly #format: CaptureFormat;
  readonly #comment: ReturnType<typeof datagramComments> | null;
  readonly #writer: ChunkWriter;
  /** One object for every record header: no garbage per frame. */
  readonly #record: { -readonly [K in keyof FrameFields]: FrameFields[K] } = {
    ...{ seconds: 0, nanoseconds: 0, caplen: 0, len: 0, comment: undefined },
  };
  readonly #replaces: boolean;
  #headerDue = true;
  #closing: Promise<void> | null = null;

  constructor(options: PcapFileOptions, stream: Writable, name: string, replaces: boolean) {
    this.name = name;
    this.mtu = options.mtu;
    this.features = options.features ?? NETIF_F_SG;
    this.#options = options;
    const kind = captureKind(name);
    const linktype = options.ethernet === undefined ? LINKTYPE_RAW : LINKTYPE_ETHERNET;
    this.#format = captureFormat(kind, { linktype });
    this.#comment = kind === 'pcapng' ? datagramComments() : null;
    this.#writer = new ChunkWriter(stream);
    this.#replaces = replaces;
  }

  async linkHeader({ family }: LinkRequest): Promise<Uint8Array> {
    if (this.#options.ethernet === undefined) return NO_LINK_HEADER;
    const { source, destination, vlans = [] } = this.#options.ethernet;
    const etherType = ethernet.etherTypeOf(family);
    const values = { source, destination, vlans, etherType };
    const header = new Uint8Array(ethernet.headerLen(values));
    ethernet.emit(new DataView(header.buffer), 0, values);
    return header;
  }

  /** Takes as many rows as one chunk holds; a single one that none holds is too long (EMSGSIZE). */
  xmit(batch: TxBatch, first: number): number {
    if (this.#closing !== null) return -ERRNO.EBADF;
    if (this.#writer.failure !== null) return -errnoOf(this.#writer.failure);
    if (rowLen(batch, first) > LONGEST_ROW) return -ERRNO.EMSGSIZE;
    const chunk = this.#writer.take();
    if (chunk === null) return -ERRNO.EAGAIN;
    const view = viewOf(chunk);
    this.#stamp();
    let at = this.#putHeader(chunk);
    let row = first;
    for (; row < batch.table.rows; row++) {
      if (at + rowLen(batch, row) + AROUND > chunk.length) break;
      at = this.#putRow(batch, row, chunk, view, at);
    }
    this.#writer.put(chunk, at);
    return row - first;
  }

  writable(signal?: AbortSignal): Promise<void> {
    return this.#writer.ready(signal);
  }

  lost(): LostFrames {
    return NONE_LOST;
  }

  /** Rejects with what the file could not take: ENOSPC, EPIPE. */
  close(): Promise<void> {
    this.#closing ??= this.#end().catch((error: Error) => {
      throw asSystemError(error, this.name);
    });
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #stamp(): void {
    const now = this.#options.now?.() ?? BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
    this.#record.seconds = Number(now / 1_000_000_000n);
    this.#record.nanoseconds = Number(now % 1_000_000_000n);
  }

  /** Without rows a file that stood there stays, and a new one gets its header. */
  async #end(): Promise<void> {
    const chunk = this.#headerDue && !this.#replaces ? this.#writer.take() : null;
    if (chunk !== null) this.#writer.put(chunk, this.#putHeader(chunk));
    await this.#writer.close(true);
  }

  /** The file's header goes with its first rows: until then the file is left as it is. */
  #putHeader(chunk: Buffer): number {
    if (!this.#headerDue) return 0;
    this.#headerDue = false;
    const header = this.#format.header();
    chunk.set(header);
    return header.length;
  }

  /** Writes record and frame; returns where they end. */
  #putRow(batch: TxBatch, row: number, chunk: Buffer, view: DataView, start: number): number {
    this.#record.caplen = rowLen(batch, row);
    this.#record.len = rowLen(batch, row);
    const at = start + this.#format.headLen;
    const end = gatherRow(batch.table, batch.pool, row, chunk, at);
    const comment = this.#comment?.(view, at, end - at, this.#format.linktype);
    this.#record.comment = comment === undefined ? undefined : Buffer.from(comment);
    return this.#format.put(view, start, this.#record);
  }
}

function asSystemError(error: NodeJS.ErrnoException, path: string): UfoError {
  if (error instanceof UfoError) return error;
  const details = error.errno === undefined ? { path, reason: error.message } : { path };
  return systemError(errnoOf(error), error.syscall ?? 'write', details);
}

/** A stream of somebody else's may fail with an error that is none of the system's. */
function errnoOf(error: NodeJS.ErrnoException): number {
  return error.errno === undefined ? ERRNO.EIO : Math.abs(error.errno);
}

function viewOf(chunk: Buffer): DataView {
  return new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
}
