import {
  DEFAULT_SNAPLEN,
  FILE_HEADER_LEN,
  type PcapFormat,
  pcapFormat,
  putFileHeader,
  putRecordHeader,
  RECORD_HEADER_LEN,
} from './pcap-format.js';
import { type FrameFields, PcapngFormat } from './pcapng-writer.js';

/** Frames of the whole capture, for the end of the file. */
export interface CaptureCounts {
  readonly received: number;
  /** Null where nobody knows. */
  readonly lost: number | null;
}

/** How a capture file is written: the one interface behind which pcap and pcapng look the same. */
export interface CaptureFormat {
  readonly linktype: number;
  /** Octets at which frames are cut. */
  readonly snaplen: number;
  /** Octets of a record in front of the frame's. */
  readonly headLen: number;
  /** What the file begins with; pcapng keeps the comments. */
  header(comments?: readonly string[]): Uint8Array;
  /** Number of the interface of that name, or of the file's own; 0 in files that have but one. */
  interfaceOf(name?: string): number;
  /** Descriptions of interfaces that are new, to stand in front of the next records. */
  described(): Uint8Array;
  recordLen(record: FrameFields): number;
  /** Writes what belongs around the frame whose octets already stand at `at + headLen`; returns where the record ends. */
  put(view: DataView, at: number, record: FrameFields): number;
  /** What the file ends with. */
  trailer(counts: CaptureCounts): Uint8Array;
}

export type CaptureKind = 'pcap' | 'pcapng';

export interface CaptureFormatOptions {
  readonly linktype: number;
  readonly snaplen?: number;
  /** Where the frames are from; only pcapng says it. */
  readonly interface?: string;
}

/** The kind of file that a name asks for. */
export function captureKind(path: string): CaptureKind {
  return /\.(pcapng|ntar)$/i.test(path) ? 'pcapng' : 'pcap';
}

export function captureFormat(kind: CaptureKind, options: CaptureFormatOptions): CaptureFormat {
  const { linktype, snaplen = DEFAULT_SNAPLEN } = options;
  return kind === 'pcap'
    ? new PlainFormat(pcapFormat(linktype, { snaplen }))
    : new PcapngFormat({ ...options, snaplen });
}

/** Pcap, in any of its byte orders and resolutions. */
export class PlainFormat implements CaptureFormat {
  readonly headLen = RECORD_HEADER_LEN;
  readonly #format: PcapFormat;

  constructor(format: PcapFormat) {
    this.#format = format;
  }

  get linktype(): number {
    return this.#format.linktype;
  }

  get snaplen(): number {
    return this.#format.snaplen;
  }

  header(): Uint8Array {
    const header = new Uint8Array(FILE_HEADER_LEN);
    putFileHeader(new DataView(header.buffer), 0, this.#format);
    return header;
  }

  interfaceOf(): 0 {
    return 0;
  }

  described(): Uint8Array {
    return new Uint8Array(0);
  }

  recordLen({ caplen }: FrameFields): number {
    return RECORD_HEADER_LEN + caplen;
  }

  put(view: DataView, at: number, record: FrameFields): number {
    return at + putRecordHeader(view, at, this.#format, record) + record.caplen;
  }

  trailer(): Uint8Array {
    return new Uint8Array(0);
  }
}
