import { checkFunction, checkObject, checkWhole, refuseUnknown } from '../../checks.js';
import { argumentError, typeError, UfoError, usageError } from '../../errors.js';
import { parseAddress } from '../../wire/address.js';
import { addressOf, portOf } from '../dgram/calls.js';
import type { FlowEnds, Flows, To } from '../options.js';
import { eachOf } from '../waiting/each-of.js';
import type { Channel } from './channel.js';
import type { Peer } from './peer.js';

/** Whom the datagrams of a stream go to, one after the other: mostly always the same peer. */
export class FlowPeers {
  readonly #peers: readonly Peer[];
  readonly #flows: Flows | undefined;
  #taken = 0;
  /** Which of them the datagram that `next` gave is for. */
  index = 0;

  constructor(peers: readonly Peer[], flows?: Flows) {
    this.#peers = peers;
    this.#flows = flows;
  }

  /** All of them leave by this one. */
  get channel(): Channel {
    return this.#peers[0]!.channel;
  }

  /** The peer of the next datagram. @throws UfoError for an index of the user's that is none */
  next(): Peer {
    const n = this.#taken++;
    const count = this.#peers.length;
    const of = this.#flows?.of;
    if (of !== undefined) {
      const index = of(n);
      checkWhole('flows.of', index, 0, count - 1);
      this.index = index;
    } else if (count > 1) this.index = n % count;
    return this.#peers[this.index]!;
  }

  /** So many datagrams for peer `index` have gone. */
  count(index: number, datagrams: number): void {
    const counts = this.#flows?.counts;
    if (counts !== undefined) counts[index]! += datagrams;
  }

  /** All datagrams go to the same one. */
  get single(): boolean {
    return this.#peers.length === 1;
  }
}

const FLOWS: readonly (keyof Flows)[] = ['ends', 'of', 'counts'];
const ENDS: readonly (keyof FlowEnds)[] = ['address', 'port', 'source', 'sourcePort'];

/** @throws UfoError ERR_UFO_INVALID_ARGUMENT for what says not whom a stream's datagrams go to */
export function checkFlows(flows: unknown): asserts flows is Flows {
  checkObject('flows', flows, 'an object with ends');
  refuseUnknown(flows, FLOWS, 'flows', 'flows.');
  const { ends, of, counts } = flows as { [K in keyof Flows]?: unknown };
  if (!Array.isArray(ends) || ends.length === 0) throw typeError('flows.ends', ends, 'an array of at least one');
  for (const [i, end] of ends.entries()) {
    checkObject(`flows.ends[${i}]`, end, 'an object: where to, and from where');
    refuseUnknown(end, ENDS, 'an end', `flows.ends[${i}].`);
  }
  checkFunction('flows.of', of, 'a function of the number of the datagram');
  if (counts === undefined || (counts instanceof Float64Array && counts.length >= ends.length)) return;
  throw typeError('flows.counts', counts, `a Float64Array of ${ends.length}, one for each of the ends`);
}

/**
 * Asks for the way to each address once; ports and sources are another line in the headers only.
 * @param to where those go that don't say it themselves
 * @param ask gives the peer at an address and port
 * @throws UfoError for flows that leave by different interfaces, or a source that the driver does not write
 */
export async function flowPeers(flows: Flows, to: To, ask: (to: To) => Promise<Peer>): Promise<FlowPeers> {
  const ends = flows.ends.map(checked);
  const one = new Map(ends.map((end) => [wayOf(end), end]));
  const found = await eachOf([...one.values()], (end) => ask({ ...to, ...endOf(end) }));
  const known = new Map([...one.keys()].map((way, i) => [way, found[i]!]));
  const first = found[0]!;
  for (const peer of found) refuseOtherWay(first, peer);
  const peers = ends.map((end) => {
    const { source, sourcePort, port } = end;
    if ((source ?? sourcePort) !== undefined) refuseUnwritten(first);
    return known.get(wayOf(end))!.with({ source: octetsOf(source, first), sourcePort, destinationPort: port });
  });
  return new FlowPeers(peers, flows);
}

/** Every one of them: the way is asked for with one of the ports only. */
function checked({ address, port, source, sourcePort }: FlowEnds): FlowEnds {
  return {
    address: addressOf(address),
    source,
    port: port === undefined ? undefined : portOf(port, 1),
    sourcePort: sourcePort === undefined ? undefined : portOf(sourcePort, 0, 'sourcePort'),
  };
}

/** What those have in common that one way serves; who names no port has that of the stream. */
function wayOf({ address = '', port }: FlowEnds): string {
  return port === undefined ? address : `${address} with a port`;
}

function endOf({ address, port }: FlowEnds): Pick<To, 'address' | 'port'> {
  return { ...(address !== undefined && { address }), ...(port !== undefined && { port }) };
}

function refuseOtherWay({ channel }: Peer, other: Peer): void {
  if (channel === other.channel) return;
  const [one, two] = [channel.device.name, other.channel.device.name];
  throw new UfoError(
    'ERR_UFO_UNSUPPORTED',
    `flows: they would leave by different interfaces, ${one} and ${two} (${other.address})`,
    'name one by `interface`, or send to each by itself',
  );
}

/** The kernel behind an ordinary socket sends from the address and port that the socket has. */
function refuseUnwritten({ channel }: Peer): void {
  const { writesHeaders, driver } = channel.device;
  if (writesHeaders) return;
  throw usageError(
    `flows: ${driver} is an ordinary UDP socket, which sends from no other address and port than its own`,
    'take a driver that writes headers, or flows that differ in their destinations',
  );
}

function octetsOf(text: string | undefined, { channel }: Peer): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const parsed = parseAddress(text);
  if (parsed !== null) return parsed.octets;
  throw argumentError('source', text, `an address to send from by ${channel.device.name}`);
}
