import { unsupportedError } from '../../errors.js';
import { koffi } from '../../host/libc.js';
import { bindNativeCalls } from '../../host/native-calls.js';
import { FILE_HEADER_LEN, MAGIC_NANOSECONDS, RECORD_HEADER_LEN } from '../../wire/pcap-format.js';
import { type Address, type LoadedLibpcap, libpcap } from './library.js';

/** Frames of one batch: many enough that the calls do not count, few enough to stay in the second-level cache. */
export const BATCH_FRAMES = 128;
const IOFBF = 0;

interface Stdio {
  fopen(path: string, mode: string): Address;
  setvbuf(stream: Address, buffer: Buffer, mode: number, len: number): number;
  fflush(stream: Address): number;
  ftell(stream: Address): number;
}

/**
 * Takes frames from libpcap as `pcap_dump` writes them, at the speed of C: the stream it writes to is one on /dev/null whose
 * buffer is ours and is never full, so the records of a `pcap_dispatch` lie there when it returns. A callback into
 * JavaScript for each frame would cost microseconds.
 */
export class BatchBuffer {
  readonly #stdio = loadStdio();
  readonly #libpcap: LoadedLibpcap = libpcap();
  readonly #octets: Buffer;
  readonly #stream: Address;
  readonly #dumper: Address;
  /** Where the C library begins in the buffer: glibc at 0, musl keeps a few octets for itself. */
  readonly #base: number;

  /** For an activated handle. */
  constructor(pcap: Address, snaplen: number) {
    const len = BATCH_FRAMES * (snaplen + RECORD_HEADER_LEN) + 4096;
    this.#octets = Buffer.allocUnsafeSlow(len); // untouched pages cost nothing
    this.#octets.fill(0, 0, 64);
    this.#stream = this.#stdio.fopen('/dev/null', 'w');
    if (this.#stream === null || this.#stdio.setvbuf(this.#stream, this.#octets, IOFBF, len) !== 0) throw unusable();
    this.#dumper = this.#libpcap.pcap_dump_fopen(pcap, this.#stream);
    this.#base = this.#octets.indexOf(fileMagic());
    if (this.#dumper === null || this.#base < 0 || this.#stdio.ftell(this.#stream) !== FILE_HEADER_LEN)
      throw unusable();
    this.#empty();
  }

  /** Link type of files, in the header that libpcap wrote: DLT_RAW is 12 on Linux, LINKTYPE_RAW 101. */
  get linktype(): number {
    return this.#octets.readUInt32LE(this.#base + FILE_HEADER_LEN - 4);
  }

  /** The records of at most `count` frames; overwritten by the next call. `frames` is what `pcap_dispatch` returned. */
  take(pcap: Address, count: number): { readonly frames: number; readonly octets: Buffer } {
    const frames = this.#libpcap.pcap_dispatch(
      pcap,
      Math.min(count, BATCH_FRAMES),
      this.#libpcap.pcapDump,
      this.#dumper,
    );
    if (frames <= 0) return { frames, octets: this.#octets.subarray(0, 0) };
    const len = this.#stdio.ftell(this.#stream);
    this.#empty();
    return { frames, octets: this.#octets.subarray(this.#base, this.#base + len) };
  }

  /** What was written goes to /dev/null, which takes any length at once, and the stream begins again. */
  #empty(): void {
    this.#stdio.fflush(this.#stream);
  }
}

function fileMagic(): Buffer {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(MAGIC_NANOSECONDS);
  return magic;
}

function unusable(): Error {
  return unsupportedError("this C library's streams do not take a buffer of ours", 'capture with --engine cap');
}

function loadStdio(): Stdio {
  const table: Record<keyof Stdio, unknown> = bindNativeCalls(koffi().load(null), {
    fopen: 'void* fopen(const char*, const char*)',
    setvbuf: 'int setvbuf(void*, void*, int, size_t)',
    fflush: 'int fflush(void*)',
    ftell: 'long ftell(void*)',
  });
  return table as Stdio;
}
