import { isIP } from 'node:net';
import { argumentError } from '../../errors.js';
import { plan } from '../../faults/plan.js';
import { PagePool } from '../../memory/page-pool.js';
import { UserMemory } from '../../memory/user-memory.js';
import { createFlow, type Flow } from '../../skb/flow.js';
import { flowHeaders } from '../../ufo/flow-headers.js';
import { countingIdents, createIdentSource, type IdentSource } from '../../ufo/ident.js';
import { segmentFrames } from '../../ufo/segment-frames.js';
import * as ethernet from '../../wire/ethernet.js';
import type { Frame } from '../../wire/frame.js';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../wire/link-layer.js';
import type { Output } from '../common/output.js';
import { type PayloadOptions, payloads } from '../common/payload-source.js';
import { PcapOutput, refuseSameFile } from '../common/pcap-output.js';

export interface SegmentOptions extends PayloadOptions {
  readonly source: { readonly host: string; readonly port: number };
  readonly destination: { readonly host: string; readonly port: number };
  readonly mtu: number;
  readonly ident?: number | undefined;
  readonly ttl?: number | undefined;
  readonly tos?: number | undefined;
  readonly ethernet?: { readonly source: Uint8Array; readonly destination: Uint8Array } | undefined;
  /** A fragment plan as typed. */
  readonly plan?: string | undefined;
  /** File, or `-` for stdout. */
  readonly write: string;
  readonly json: boolean;
}

/** IPv6 header, fragment header and 8 octets, which every fragment but the last has at least. */
const LEAST_MTU6 = 56;

/** `udp-ufo segment`: the fragments of datagrams into a pcap file, without a network and without privileges. */
export async function segment(options: SegmentOptions, output: Output, signal: AbortSignal): Promise<void> {
  const flow = flowOf(options);
  const idents = identsOf(options, flow);
  const faults = options.plan === undefined ? undefined : plan(options.plan, '--plan');
  const pool = new PagePool(new UserMemory({ pages: 64 }));
  const { maxPayloadLen } = flowHeaders(flow);
  const toStdout = options.write === '-';
  await refuseSameFile(options.file, options.write, '--write');
  const writer = new PcapOutput(options.write, options.ethernet ? LINKTYPE_ETHERNET : LINKTYPE_RAW);
  let datagrams = 0;
  let octets = 0;
  for await (const payload of payloads(options, maxPayloadLen)) {
    signal.throwIfAborted();
    const ident = flow.family === 4 ? idents.next4() : idents.next6();
    const frames: Frame[] = [...segmentFrames(pool, flow, ident, payload, faults)];
    await writer.write(frames);
    datagrams += 1;
    octets += payload.length;
    if (options.json && !toStdout) {
      await output.json({
        type: 'datagram',
        ident: frames.length === 1 && flow.family === 6 ? null : ident,
        fragments: frames.length,
        octets: payload.length,
      });
    }
  }
  await writer.close();
  const summary = { type: 'summary', datagrams, frames: writer.frames, octets, file: options.write };
  if (toStdout) return;
  if (options.json) await output.json(summary);
  else
    await output.line(
      `${datagrams} datagram(s), ${octets} octets of payload, ${writer.frames} packet(s) in ${options.write}`,
    );
}

function flowOf({ source, destination, mtu, ttl, tos, ethernet: macs }: SegmentOptions): Flow {
  const family = addressFamily('--destination', destination.host);
  if (addressFamily('--source', source.host) !== family) {
    throw argumentError('--source', source.host, `an IPv${family} address, as ${destination.host} is one`);
  }
  if (family === 6 && mtu < LEAST_MTU6) {
    throw argumentError('--mtu', mtu, `${LEAST_MTU6} … 65535 octets: the headers and 8 octets of each fragment`);
  }
  return createFlow({
    source: source.host,
    sourcePort: source.port,
    destination: destination.host,
    destinationPort: destination.port,
    mtu,
    ...(ttl === undefined ? {} : { ttl }),
    ...(tos === undefined ? {} : { tos }),
    ...(macs === undefined ? {} : { linkHeader: linkHeader(macs, family) }),
  });
}

/** Offline no name is looked up. */
function addressFamily(name: string, host: string): 4 | 6 {
  const family = isIP(host);
  if (family === 0) throw argumentError(name, host, 'an IPv4 or IPv6 address, no name');
  return family === 6 ? 6 : 4;
}

function linkHeader(macs: { source: Uint8Array; destination: Uint8Array }, family: 4 | 6): Uint8Array {
  const etherType = ethernet.etherTypeOf(family);
  const octets = new Uint8Array(ethernet.HEADER_LEN);
  ethernet.emit(new DataView(octets.buffer), 0, { ...macs, vlans: [], etherType });
  return octets;
}

function identsOf({ ident }: SegmentOptions, { family }: Flow): IdentSource {
  if (ident === undefined) return createIdentSource();
  if (family === 4 && ident > 0xffff) throw argumentError('--ident', ident, '1 … 65535 for IPv4');
  return countingIdents(ident);
}
