import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { argumentError, ERRNO, systemError, type UfoError } from '../../errors.js';
import { gatherRow } from '../../memory/gather-row.js';
import { NETIF_F_SG } from '../../skb/features.js';
import * as ethernet from '../../wire/ethernet.js';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../wire/link-layer.js';
import {
  type PcapFormat,
  pcapFormat,
  putFileHeader,
  putRecordHeader,
  RECORD_HEADER_LEN,
} from '../../wire/pcap-format.js';
import { type LinkRequest, type LostFrames, type NetDevice, rowLen, type TxBatch } from '../net-device.js';
import { ChunkWriter } from './chunk-writer.js';

export interface PcapFileOptions {
  /** A path (`-`: standard output, which stays open), or a stream, which `close` ends. */
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
}

const NO_LINK_HEADER = new Uint8Array(0);
const NONE_LOST: LostFrames = { socket: 0, qdisc: 0, backlog: 0 };

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
  if (typeof target !== 'string') return new PcapFileDevice(options, target, 'stream', true);
  if (target === '-') return new PcapFileDevice(options, process.stdout, 'standard output', false);
  return new PcapFileDevice(options, await openFile(target), target, true);
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
  readonly #format: PcapFormat;
  readonly #writer: ChunkWriter;
  readonly #ends: boolean;
  /** One object for every record header: no garbage per frame. */
  readonly #record = { seconds: 0, nanoseconds: 0, caplen: 0, len: 0 };
  #closing: Promise<void> | null = null;

  constructor(options: PcapFileOptions, stream: Writable, name: string, ends: boolean) {
    this.name = name;
    this.mtu = options.mtu;
    this.features = options.features ?? NETIF_F_SG;
    this.#options = options;
    this.#ends = ends;
    this.#format = pcapFormat(options.ethernet === undefined ? LINKTYPE_RAW : LINKTYPE_ETHERNET);
    this.#writer = new ChunkWriter(stream);
    const chunk = this.#writer.take()!;
    this.#writer.put(chunk, putFileHeader(viewOf(chunk), 0, this.#format));
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

  /** Takes as many rows as one chunk holds. */
  xmit(batch: TxBatch, first: number): number {
    if (this.#closing !== null) return -ERRNO.EBADF;
    if (this.#writer.failure !== null) return -errnoOf(this.#writer.failure);
    const chunk = this.#writer.take();
    if (chunk === null) return -ERRNO.EAGAIN;
    const view = viewOf(chunk);
    this.#stamp();
    let at = 0;
    let row = first;
    for (; row < batch.table.rows; row++) {
      if (at + RECORD_HEADER_LEN + rowLen(batch, row) > chunk.length) break;
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
    this.#closing ??= this.#writer.close(this.#ends).catch((error: Error) => {
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

  /** Writes record header and frame; returns where they end. */
  #putRow(batch: TxBatch, row: number, chunk: Buffer, view: DataView, start: number): number {
    this.#record.caplen = rowLen(batch, row);
    this.#record.len = rowLen(batch, row);
    const at = start + putRecordHeader(view, start, this.#format, this.#record);
    return gatherRow(batch.table, batch.pool, row, chunk, at);
  }
}

async function openFile(path: string): Promise<Writable> {
  try {
    return (await open(path, 'w')).createWriteStream();
  } catch (error) {
    throw asSystemError(error as Error, path);
  }
}

function asSystemError(error: NodeJS.ErrnoException, path: string): UfoError {
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
