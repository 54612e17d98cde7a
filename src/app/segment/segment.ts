import { isIP } from 'node:net';
import { argumentError, UfoError, usageError } from '../../errors.js';
import { plan } from '../../faults/plan.js';
import { PagePool } from '../../memory/page-pool.js';
import { UserMemory } from '../../memory/user-memory.js';
import { checkValues } from '../../options/driver-options.js';
import type { HeaderValues } from '../../options/headers.js';
import { createFlow, type Flow } from '../../skb/flow.js';
import type { SendResult } from '../../socket/flight/datagram.js';
import { flowInfo } from '../../socket/path/info.js';
import { flowHeaders } from '../../ufo/flow-headers.js';
import { identSourceOf } from '../../ufo/ident.js';
import { segmentFrames } from '../../ufo/segment-frames.js';
import * as ethernet from '../../wire/ethernet.js';
import type { Frame } from '../../wire/frame.js';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../wire/link-layer.js';
import { CaptureOutput } from '../common/capture-output.js';
import { counted, inFile } from '../common/figures.js';
import type { Output } from '../common/output.js';
import { type PayloadOptions, payloads } from '../common/payload-source.js';
import { SaveFile } from '../common/save-file.js';
import { SentLog } from '../common/sent.js';

interface SegmentOptions extends PayloadOptions, HeaderValues {
  readonly source: { readonly host: string; readonly port: number };
  readonly destination: { readonly host: string; readonly port: number };
  readonly mtu: number;
  /** A fragment plan as typed. */
  readonly plan?: string | undefined;
  /** File, or `-` for stdout. */
  readonly pcap: string;
  /** A file that gets what was cut, for `verify --expect`. */
  readonly save?: string | undefined;
  readonly json: boolean;
}

/** `udp-ufo segment`: the fragments of datagrams into a pcap file, without a network and without privileges. */
export async function segment(options: SegmentOptions, output: Output, signal: AbortSignal): Promise<void> {
  const flow = flowOf(options);
  const idents = identSourceOf(options.idents);
  const faults = options.plan === undefined ? undefined : plan(options.plan, '--plan');
  const pool = new PagePool(new UserMemory({ pages: 64 }));
  const { maxPayloadLen } = flowHeaders(flow);
  const linktype = flow.linkHeader.length > 0 ? LINKTYPE_ETHERNET : LINKTYPE_RAW;
  await using writer = await CaptureOutput.open(options.pcap, linktype, signal);
  const path = flowInfo(flow, true);
  await using save = options.save === undefined ? null : await SaveFile.open(options.save, path, '', signal);
  const log = save && new SentLog(path, (expected) => save.add(expected), { hash: true });
  const told = faults && (log?.watched(faults) ?? faults);
  let datagrams = 0;
  let octets = 0;
  for await (const payload of payloads(options, maxPayloadLen, signal)) {
    signal.throwIfAborted();
    const ident = flow.family === 4 ? idents.next4() : idents.next6();
    log?.begin(payload);
    const frames = framesOf(() => segmentFrames(pool, flow, ident, payload, told));
    log?.sent(resultOf(flow, ident, payload.length, frames.length));
    await writer.write(frames);
    await save?.room;
    save?.broken.throwIfAborted();
    datagrams += 1;
    octets += payload.length;
    if (options.json) {
      await output.json({
        type: 'datagram',
        ident: frames.length === 1 && flow.family === 6 ? null : ident,
        fragments: frames.length,
        octets: payload.length,
      });
    }
  }
  await writer.finish();
  await save?.finish();
  const summary = { type: 'summary', datagrams, frames: writer.frames, octets, file: options.pcap };
  if (options.json) await output.json(summary);
  else
    await output.line(
      `${counted(datagrams, 'datagram')}, ${counted(octets, 'octet')} of payload, ${counted(writer.frames, 'packet')} ${inFile(options.pcap)}`,
    );
}

/** Offline nothing is refused by a device: what does not fit is asked wrongly. */
function framesOf(cut: () => Iterable<Frame>): Frame[] {
  try {
    return [...cut()];
  } catch (error) {
    if (!(error instanceof UfoError) || error.code !== 'EMSGSIZE') throw error;
    throw usageError(error.message, error.hint);
  }
}

/** In the words of a sender. */
function resultOf(flow: Flow, ident: number, octets: number, fragments: number): SendResult {
  const cut = fragments !== 1;
  const named = cut || flow.family === 4;
  return {
    ...{ way: cut ? 'software-ufo' : 'unfragmented', why: 'offline', driver: 'pcap-file', octets, fragments },
    ...{ ident: named ? ident : null, gsoSize: flowHeaders(flow).gsoSize, fragmentsSent: fragments },
  };
}

function flowOf(options: SegmentOptions): Flow {
  const { source, destination, mtu } = options;
  const family = addressFamily('destination', destination.host);
  if (addressFamily('source', source.host) !== family) {
    throw argumentError('source', source.host, `an IPv${family} address, as ${destination.host} is one`);
  }
  checkValues(options, family);
  const { ttl, tos, flowLabel, dontFragment, options: ipOptions, extensionHeaders, checksum } = options;
  return createFlow({
    ...{ source: source.host, sourcePort: source.port },
    ...{ destination: destination.host, destinationPort: destination.port },
    ...{ mtu, ttl, tos, flowLabel, dontFragment, options: ipOptions, extensionHeaders, checksum },
    linkHeader: linkHeader(options, family),
  });
}

/** Offline no name is looked up. */
function addressFamily(name: string, host: string): 4 | 6 {
  const family = isIP(host);
  if (family === 0) throw argumentError(name, host, 'an IPv4 or IPv6 address, no name');
  return family === 6 ? 6 : 4;
}

/** None unless something is asked of it; addresses that are not are zeros. */
function linkHeader({ sourceMac, destinationMac, vlans = [] }: SegmentOptions, family: 4 | 6): Uint8Array | undefined {
  if (sourceMac === undefined && destinationMac === undefined && vlans.length === 0) return undefined;
  const none = new Uint8Array(ethernet.MAC_LEN);
  const values = {
    source: sourceMac ?? none,
    destination: destinationMac ?? none,
    vlans,
    etherType: ethernet.etherTypeOf(family),
  };
  const octets = new Uint8Array(ethernet.headerLen(values));
  ethernet.emit(new DataView(octets.buffer), 0, values);
  return octets;
}
