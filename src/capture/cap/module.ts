import { createRequire } from 'node:module';
import { unsupportedError } from '../../errors.js';
import { koffi } from '../../host/libc.js';
import { bindNativeCalls } from '../../host/native-calls.js';
import { notLoadedError } from '../../host/native-package.js';

/** npm `cap` 0.2.1 as far as it is used here. */
export interface CapHandle {
  /**
   * Opens `device` and starts capturing into `buffer`, of which it keeps the bare address only: the caller must hold the
   * Buffer until after `close()`. Throws libpcap's text.
   */
  open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
  close(): boolean;
  on(event: 'packet', listener: (caplen: number, truncated: boolean) => void): void;
}

/**
 * What was made here, never to be collected: the destructor of a handle whose `open` failed stops a poll handle that only a
 * whole `open` makes (SIGSEGV), and nothing else closes its packet socket.
 */
const handles: CapHandle[] = [];

/** Loads npm `cap`, an optional dependency with a native part. One handle a process: `CaptureSocket` could not tell two. */
export function loadCap(): CapHandle {
  try {
    const { Cap } = createRequire(import.meta.url)('cap') as { Cap: new () => CapHandle };
    const handle = new Cap();
    handles.push(handle);
    return handle;
  } catch (error) {
    throw notLoadedError('cap', error, 'the npm package ', 'take the engine libpcap');
  }
}

/** LINKTYPE_… values for the names that cap gives to libpcap's DLT_… values. */
const LINKTYPES: Readonly<Record<string, number>> = {
  NULL: 0,
  ETHERNET: 1,
  RAW: 101, // DLT_RAW is 12 on Linux, LINKTYPE_RAW 101 in files
  LINKTYPE_LINUX_SLL: 113,
  IEEE802_11_RADIO: 127,
};

/** The link type behind what `open` returned; cap says `Unknown linktype N` where it has no name for one. */
export function linktypeOf(name: string): number {
  const known = LINKTYPES[name] ?? Number(/^Unknown linktype (\d+)$/.exec(name)?.[1] ?? Number.NaN);
  if (Number.isInteger(known)) return known;
  throw unsupportedError(`cap reports a link type that nothing here can read: ${name}`);
}

/**
 * Whether cap hands frames over at once. It looks for `pcap_set_immediate_mode` in a library of the very name
 * `libpcap.so`, which comes with libpcap-dev only; without it libpcap hands over blocks, up to 1 s late.
 */
export function immediateMode(): boolean {
  try {
    bindNativeCalls(koffi().load('libpcap.so'), { pcap_set_immediate_mode: 'int pcap_set_immediate_mode(void*, int)' });
    return true;
  } catch {
    return false;
  }
}
