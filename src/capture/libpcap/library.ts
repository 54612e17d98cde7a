import { unsupportedError } from '../../errors.js';
import { koffi } from '../../host/libc.js';
import { bindNativeCalls } from '../../host/native-calls.js';

/** An address in native memory, as koffi hands it over; null for NULL. */
export type Address = bigint | number | null;
type Octets = NodeJS.TypedArray;

/** libpcap's functions, and those of the C library's streams that carry its dumps, with their C shapes. */
export interface Libpcap {
  pcap_create(device: string, errbuf: Octets): Address;
  pcap_set_snaplen(pcap: Address, len: number): number;
  pcap_set_promisc(pcap: Address, on: number): number;
  pcap_set_timeout(pcap: Address, ms: number): number;
  pcap_set_buffer_size(pcap: Address, len: number): number;
  pcap_set_tstamp_precision(pcap: Address, precision: number): number;
  pcap_activate(pcap: Address): number;
  pcap_setnonblock(pcap: Address, on: number, errbuf: Octets): number;
  pcap_setdirection(pcap: Address, direction: number): number;
  pcap_datalink(pcap: Address): number;
  pcap_get_selectable_fd(pcap: Address): number;
  pcap_stats(pcap: Address, stats: Octets): number;
  pcap_geterr(pcap: Address): string;
  pcap_statustostr(status: number): string;
  pcap_close(pcap: Address): void;
  pcap_open_dead(linktype: number, snaplen: number): Address;
  pcap_compile(pcap: Address, program: Octets, text: string, optimize: number, netmask: number): number;
  pcap_setfilter(pcap: Address, program: Octets): number;
  pcap_offline_filter(program: Octets, header: Octets, data: Octets | number): number;
  pcap_freecode(program: Octets): void;
  pcap_dispatch(pcap: Address, count: number, callback: Address, user: Address): number;
  pcap_dump_fopen(pcap: Address, stream: Address): Address;
}

const SIGNATURES: Readonly<Record<keyof Libpcap, string>> = {
  pcap_create: 'void* pcap_create(const char*, void*)',
  pcap_set_snaplen: 'int pcap_set_snaplen(void*, int)',
  pcap_set_promisc: 'int pcap_set_promisc(void*, int)',
  pcap_set_timeout: 'int pcap_set_timeout(void*, int)',
  pcap_set_buffer_size: 'int pcap_set_buffer_size(void*, int)',
  pcap_set_tstamp_precision: 'int pcap_set_tstamp_precision(void*, int)',
  pcap_activate: 'int pcap_activate(void*)',
  pcap_setnonblock: 'int pcap_setnonblock(void*, int, void*)',
  pcap_setdirection: 'int pcap_setdirection(void*, int)',
  pcap_datalink: 'int pcap_datalink(void*)',
  pcap_get_selectable_fd: 'int pcap_get_selectable_fd(void*)',
  pcap_stats: 'int pcap_stats(void*, void*)',
  pcap_geterr: 'const char* pcap_geterr(void*)',
  pcap_statustostr: 'const char* pcap_statustostr(int)',
  pcap_close: 'void pcap_close(void*)',
  pcap_open_dead: 'void* pcap_open_dead(int, int)',
  pcap_compile: 'int pcap_compile(void*, void*, const char*, int, unsigned int)',
  pcap_setfilter: 'int pcap_setfilter(void*, void*)',
  pcap_offline_filter: 'int pcap_offline_filter(void*, void*, void*)',
  pcap_freecode: 'void pcap_freecode(void*)',
  pcap_dispatch: 'int pcap_dispatch(void*, int, void*, void*)',
  pcap_dump_fopen: 'void* pcap_dump_fopen(void*, void*)',
};

/** Upstream's name of the library, and Debian's. Neither needs the -dev package. */
const NAMES = ['libpcap.so.1', 'libpcap.so.0.8'];

/** Functions, and the address of `pcap_dump`, which libpcap calls itself for every frame. */
export interface LoadedLibpcap extends Libpcap {
  readonly pcapDump: Address;
}

let loaded: LoadedLibpcap | undefined;

/** libpcap, opened on first use. @throws UfoError ERR_UFO_UNSUPPORTED where it is not installed, or too old */
export function libpcap(): LoadedLibpcap {
  if (loaded !== undefined) return loaded;
  const library = openLibrary();
  try {
    const table = bindNativeCalls(library, SIGNATURES) as unknown as Libpcap; // the two tables above have the same keys
    loaded = { ...table, pcapDump: library.symbol('pcap_dump', 'void') as Address };
  } catch (error) {
    throw unsupportedError(`libpcap is too old: ${(error as Error).message}`, 'install libpcap 1.5 or newer');
  }
  return loaded;
}

function openLibrary(): ReturnType<ReturnType<typeof koffi>['load']> {
  const reasons: string[] = [];
  for (const name of NAMES) {
    try {
      return koffi().load(name);
    } catch (error) {
      reasons.push((error as Error).message.split('\n')[0]!);
    }
  }
  throw unsupportedError(
    `libpcap could not be loaded: ${reasons[0]}`,
    'install it: libpcap0.8 (Debian, Ubuntu), libpcap (Fedora, Arch, Alpine)',
  );
}
