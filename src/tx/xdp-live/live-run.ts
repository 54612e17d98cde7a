import { putPointer, testRun } from '../../host/bpf.js';
import { lastErrno } from '../../host/libc.js';

const BPF_F_TEST_XDP_LIVE_FRAMES = 1 << 1;
const ATTR_LEN = 80;
/** `struct xdp_md`: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex. */
const XDP_MD_LEN = 24;
/** Frames that the kernel hands on together; it takes at most 256. */
const BATCH = 64;

/**
 * BPF_PROG_TEST_RUN with live frames (Linux 5.18 or later): the kernel takes pages of its own, runs the program on each, and
 * sends it where the program says. Made once, run again and again.
 */
export class LiveRun {
  readonly #attr: DataView = new DataView(new ArrayBuffer(128));
  readonly #bytes: Uint8Array = new Uint8Array(this.#attr.buffer);
  readonly #context: DataView = new DataView(new ArrayBuffer(128));
  readonly #frame: Uint8Array = new Uint8Array(4096);

  /** @param ingress the interface that frames are said to have come in by */
  constructor(program: number, ingress: number) {
    const attr = this.#attr;
    this.#context.setUint32(12, ingress, true);
    attr.setUint32(0, program, true);
    putPointer(attr, 16, this.#frame);
    attr.setUint32(40, XDP_MD_LEN, true);
    putPointer(attr, 48, new Uint8Array(this.#context.buffer));
    attr.setUint32(64, BPF_F_TEST_XDP_LIVE_FRAMES, true);
    attr.setUint32(72, BATCH, true);
  }

  /** Makes `count` frames, each of `frameLen` octets before the program looks at it; 0 or −errno. */
  run(count: number, frameLen: number): number {
    this.#context.setUint32(4, frameLen, true);
    this.#attr.setUint32(8, frameLen, true);
    this.#attr.setUint32(12, 0, true); // data_size_out: the kernel has written there, and would say ENOSPC for a longer frame
    this.#attr.setUint32(32, count, true);
    return testRun(this.#bytes, ATTR_LEN) < 0 ? -lastErrno() : 0;
  }
}
