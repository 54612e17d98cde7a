import { FrameFilter } from '../../capture/libpcap/frame-filter.js';
import type { DatagramVerdict } from '../../verify/verdict.js';
import type { Frame } from '../../wire/frame.js';
import { LINKTYPE_ETHERNET } from '../../wire/link-layer.js';
import * as udp from '../../wire/udp.js';

/** Which part of a file is to be judged. */
export interface Selection {
  /** A BPF filter, compiled by libpcap. */
  readonly filter?: string | undefined;
  /** From or to this address, by the outermost IP header. */
  readonly host?: string | undefined;
  /** From or to this UDP port. */
  readonly port?: number | undefined;
}

/**
 * Which frames filter and host let through; undefined where there is neither. The others keep their numbers, which are those
 * of the file.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT with libpcap's reason, ERR_UFO_UNSUPPORTED without libpcap
 */
export function frameChoice({ filter, host }: Selection): ((frame: Frame) => boolean) | undefined {
  if (filter === undefined && host === undefined) return undefined;
  const frames = new FrameFilter((linktype) => filterText(filter, host, linktype), LINKTYPE_ETHERNET);
  return (frame) => frames.matches(frame);
}

/**
 * Whether a datagram is of the port asked for. Later fragments have no port, so it is the datagram that is asked, and one
 * whose first fragment is missing may be of that port: it stays.
 */
export function ofPort({ port }: Selection): ((verdict: DatagramVerdict) => boolean) | undefined {
  if (port === undefined) return undefined;
  return ({ udp: header, protocol, complete }) =>
    header === null
      ? protocol === udp.PROTOCOL && !complete
      : header.sourcePort === port || header.destinationPort === port;
}

/** In Ethernet a host may stand behind one VLAN tag or two; `vlan` moves the offsets of all that follows it. */
function filterText(filter: string | undefined, host: string | undefined, linktype: number): string {
  const terms = filter === undefined || filter === '' ? [] : [`(${filter})`];
  if (host !== undefined) {
    const plain = `host ${host.split('%')[0]}`;
    const tagged = `${plain} or (vlan and (${plain} or (vlan and ${plain})))`;
    // What follows is compiled in order, so the host comes last: behind it everything would be looked for behind tags.
    terms.push(linktype === LINKTYPE_ETHERNET ? `(${tagged})` : plain);
  }
  return terms.join(' and ');
}
