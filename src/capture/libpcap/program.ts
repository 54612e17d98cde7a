import { filterError } from '../open-error.js';
import { type Address, type LoadedLibpcap, libpcap } from './library.js';

const OPTIMIZE = 1;
/** PCAP_NETMASK_UNKNOWN: only `ip broadcast` needs a netmask. */
const NO_NETMASK = 0xffff_ffff;

/** A compiled filter: struct bpf_program { u_int bf_len; struct bpf_insn *bf_insns }. */
export class BpfProgram {
  /** To be handed to libpcap; long enough to stay where it is. */
  readonly octets = Buffer.alloc(4096);
  readonly #libpcap: LoadedLibpcap = libpcap();

  /** For the link type of `pcap`. @throws UfoError ERR_UFO_INVALID_ARGUMENT with libpcap's reason */
  static compile(pcap: Address, text: string): BpfProgram {
    const program = new BpfProgram();
    const library = libpcap();
    if (library.pcap_compile(pcap, program.octets, text, OPTIMIZE, NO_NETMASK) < 0) {
      throw filterError(text, library.pcap_geterr(pcap));
    }
    return program;
  }

  free(): void {
    this.#libpcap.pcap_freecode(this.octets);
  }
}
