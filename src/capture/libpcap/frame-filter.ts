import { addressOf } from '../../host/libc.js';
import { type Frame, frameData } from '../../wire/frame.js';
import { DLT_RAW, LINKTYPE_RAW } from '../../wire/link-layer.js';
import { DEFAULT_SNAPLEN } from '../../wire/pcap-format.js';
import { libpcap } from './library.js';
import { BpfProgram } from './program.js';

/** A buffer of at most that many octets lies where V8 may move it: no address of it can be kept. */
const MOVABLE_LEN = 64;

/**
 * A filter for frames of captures, compiled by libpcap for each link type that comes: `udp and host 192.0.2.1`. Costs a call
 * a frame.
 */
export class FrameFilter {
  readonly #textOf: (linktype: number) => string;
  readonly #programs = new Map<number, BpfProgram>();
  /** struct pcap_pkthdr { struct timeval ts; bpf_u_int32 caplen, len } */
  readonly #header = new DataView(Buffer.alloc(4096).buffer, 0, 24);
  readonly #headerOctets = new Uint8Array(this.#header.buffer, 0, 24);
  #bytes: Uint8Array | undefined;
  #address = 0;

  /** `textOf` gives the filter for a link type, LINKTYPE_… of files. Compiles it for `linktype` at once, to be refused early. */
  constructor(textOf: (linktype: number) => string, linktype: number) {
    this.#textOf = textOf;
    this.#program(linktype);
  }

  /** @throws UfoError ERR_UFO_INVALID_ARGUMENT where the filter cannot be compiled for the frame's link type */
  matches(frame: Frame): boolean {
    this.#header.setUint32(16, frame.caplen, true);
    this.#header.setUint32(20, frame.len, true);
    const data = frame.bytes.length > MOVABLE_LEN ? this.#addressOf(frame.bytes) + frame.offset : frameData(frame);
    return libpcap().pcap_offline_filter(this.#program(frame.linktype).octets, this.#headerOctets, data) !== 0;
  }

  /** Frames come many to a buffer. */
  #addressOf(bytes: Uint8Array): number {
    if (bytes !== this.#bytes) this.#address = addressOf(bytes);
    this.#bytes = bytes;
    return this.#address;
  }

  #program(linktype: number): BpfProgram {
    const known = this.#programs.get(linktype);
    if (known !== undefined) return known;
    const dead = libpcap().pcap_open_dead(linktype === LINKTYPE_RAW ? DLT_RAW : linktype, DEFAULT_SNAPLEN);
    try {
      const program = BpfProgram.compile(dead, this.#textOf(linktype));
      this.#programs.set(linktype, program);
      return program;
    } finally {
      libpcap().pcap_close(dead);
    }
  }
}
