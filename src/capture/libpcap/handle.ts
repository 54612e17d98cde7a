import { UfoError } from '../../errors.js';
import { LINKTYPE_ETHERNET } from '../../wire/link-layer.js';
import { DEFAULT_SNAPLEN } from '../../wire/pcap-format.js';
import { openError } from '../open-error.js';
import type { Direction, LoopOptions } from '../record-sink.js';
import { BatchBuffer } from './batch-buffer.js';
import { type Address, type LoadedLibpcap, libpcap } from './library.js';
import { BpfProgram } from './program.js';

/**
 * The kernel hands over a block of its ring when it is full or that old, ms. Immediate mode instead would make libpcap take
 * TPACKET_V2, whose slots are all as large as the largest frame: a 64 MiB ring then holds a thousand frames, not 40,000.
 */
const BLOCK_TIMEOUT_MS = 10;
const PRECISION_NANO = 1;
const DIRECTIONS: Readonly<Record<Direction, number>> = { in: 1, out: 2 };

/** A live capture by libpcap. */
export class PcapHandle {
  readonly #libpcap: LoadedLibpcap;
  readonly #pcap: Address;
  readonly #batch: BatchBuffer;
  readonly #device: string;
  /** struct pcap_stat { u_int ps_recv, ps_drop, ps_ifdrop } */
  readonly #stats = new Uint32Array(64);

  private constructor(library: LoadedLibpcap, pcap: Address, device: string) {
    this.#libpcap = library;
    this.#pcap = pcap;
    this.#device = device;
    this.#batch = new BatchBuffer(pcap, DEFAULT_SNAPLEN);
  }

  /** An activated capture, from which frames can be taken without waiting. @throws as `openError` */
  static open({ interface: device, filter, ethernetFilter = filter, bufferSize, direction }: LoopOptions): PcapHandle {
    const library = libpcap();
    const errbuf = Buffer.alloc(4096);
    const pcap = library.pcap_create(device, errbuf);
    if (pcap === null) throw openError(textOf(errbuf), device, filter);
    try {
      library.pcap_set_snaplen(pcap, DEFAULT_SNAPLEN);
      library.pcap_set_promisc(pcap, 1);
      library.pcap_set_timeout(pcap, BLOCK_TIMEOUT_MS);
      library.pcap_set_buffer_size(pcap, bufferSize);
      library.pcap_set_tstamp_precision(pcap, PRECISION_NANO);
      const status = library.pcap_activate(pcap);
      if (status < 0)
        throw openError(`${library.pcap_statustostr(status)}: ${library.pcap_geterr(pcap)}`, device, filter);
      const handle = new PcapHandle(library, pcap, device);
      handle.#setFilter(handle.linktype === LINKTYPE_ETHERNET ? ethernetFilter : filter);
      if (direction !== undefined) handle.#check(library.pcap_setdirection(pcap, DIRECTIONS[direction]));
      handle.#check(library.pcap_setnonblock(pcap, 1, errbuf));
      return handle;
    } catch (error) {
      library.pcap_close(pcap);
      throw error;
    }
  }

  get linktype(): number {
    return this.#batch.linktype;
  }

  /** To wait on. */
  get fd(): number {
    return this.#libpcap.pcap_get_selectable_fd(this.#pcap);
  }

  /** The frames that are there, at most `count`; none means that there are none now. @throws UfoError of the device */
  take(count: number): { readonly frames: number; readonly octets: Buffer } {
    const taken = this.#batch.take(this.#pcap, count);
    if (taken.frames < 0) throw this.#failure();
    return taken;
  }

  /** Frames that passed the filter, those dropped for want of room counted in, and the dropped ones; null once it is gone. */
  counters(): { readonly packets: number; readonly drops: number } | null {
    if (this.#libpcap.pcap_stats(this.#pcap, this.#stats) !== 0) return null;
    return { packets: this.#stats[0]!, drops: this.#stats[1]! };
  }

  close(): void {
    this.#libpcap.pcap_close(this.#pcap);
  }

  #setFilter(text: string): void {
    if (text === '') return;
    const program = BpfProgram.compile(this.#pcap, text);
    try {
      this.#check(this.#libpcap.pcap_setfilter(this.#pcap, program.octets));
    } finally {
      program.free();
    }
  }

  #check(status: number): void {
    if (status < 0) throw this.#failure();
  }

  #failure(): UfoError {
    return new UfoError('ERR_UFO_CAPTURE', `capturing on ${this.#device}: ${this.#libpcap.pcap_geterr(this.#pcap)}`);
  }
}

function textOf(errbuf: Buffer): string {
  return errbuf.toString('utf8', 0, errbuf.indexOf(0));
}
