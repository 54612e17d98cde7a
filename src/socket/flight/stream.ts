import { GeneratedPayloads } from '../../payload/sequence.js';
import { UbufInfo } from '../../skb/ubuf-info.js';
import type { NetDevice } from '../../tx/net-device.js';
import { copied, type Payload } from '../../ufo/append-data.js';
import { octetsOf } from '../dgram/message.js';
import type { ManyOptions } from '../options.js';
import { UserPages } from '../pages.js';
import type { FlowPeers } from '../path/flow-peers.js';
import type { Peer } from '../path/peer.js';
import { FileSource } from '../send-file.js';
import type { Sender } from '../sender.js';
import type { Works } from '../waiting/works.js';
import type { SendSummary, Settled } from './datagram.js';
import { type Feed, GeneratedFeed, IterableFeed, type StreamItem, type StreamSource } from './feeds.js';
import { FileFeed } from './file-feed.js';
import { type Pace, paceOf } from './pace.js';
import { Tally } from './tally.js';

/**
 * One datagram after the other, as many at a time as the send budget allows. Whatever ends it early (a refusal, the signal,
 * the source's own failure, closing), it waits for what is on its way and then throws that, with the summary.
 */
export async function sendStream(
  sender: Sender,
  works: Works,
  peers: FlowPeers,
  source: StreamSource,
  to: ManyOptions,
): Promise<SendSummary> {
  const { device } = peers.channel;
  const tally = new Tally(device.driver, to);
  const feed = feedOf(source, sender, device, to);
  const finish = async (): Promise<SendSummary> => {
    if (feed !== null) await pull(feed, sender, works, peers, to, tally);
    await tally.idle();
    return tally.finish(device);
  };
  // Closing waits for all of it but the user's source, which may never give another one.
  if (feed === null) await push(source, sender, works, peers, to, tally);
  return works.hold(finish);
}

/**
 * What can be pulled as there is room: sources that never have to be waited for, to devices that are done with a row's octets
 * when they have taken it; null where each datagram needs an skb, or a plan, of its own.
 */
function feedOf(
  source: StreamSource,
  { pool }: Sender,
  { zerocopy, features }: NetDevice,
  to: ManyOptions,
): Feed | null {
  if (zerocopy || to.plan !== undefined || to.ident !== undefined || to.nonBlocking === true) return null;
  if (source instanceof GeneratedPayloads) return new GeneratedFeed(source, pool, features);
  if (source instanceof FileSource) return FileFeed.take(source.stretch, pool, features);
  return Symbol.iterator in source ? new IterableFeed(source, pool, features) : null;
}

async function pull(
  feed: Feed,
  sender: Sender,
  works: Works,
  peers: FlowPeers,
  to: ManyOptions,
  tally: Tally,
): Promise<void> {
  const { transmitter } = peers.channel;
  const stream = sender.outbox.stream(works, peers, feed, to, tally);
  transmitter.attach(stream);
  await stream.ended;
  transmitter.detach(stream);
}

async function push(
  source: StreamSource,
  sender: Sender,
  works: Works,
  peers: FlowPeers,
  to: ManyOptions,
  tally: Tally,
): Promise<void> {
  const pace = paceOf(to, works);
  try {
    for await (const item of source) {
      if (tally.failure !== null) break;
      to.signal?.throwIfAborted();
      const pushed = { item, peer: peers.next(), settled: counting(peers, tally) };
      // Turns of the microtask queue cost more than a small datagram: there are none where nothing has to be waited for.
      if (pace !== null || !offerItem(sender, works, pushed, to, tally))
        await works.run(() => sendItem(sender, works, pushed, to, tally, pace));
    }
  } catch (error) {
    tally.failure ??= { error };
  }
}

/** One item of a source, whom it goes to, and who is told when it has gone. */
interface Pushed {
  readonly item: StreamItem;
  readonly peer: Peer;
  readonly settled: Settled;
}

function counting(peers: FlowPeers, tally: Tally): Settled {
  const { index } = peers;
  return (datagram, failure) => {
    if (failure === null) peers.count(index, 1);
    tally.settled(datagram, failure);
  };
}

/** Sends an item at once, or says that it has to wait. */
function offerItem(
  sender: Sender,
  works: Works,
  { item, peer, settled }: Pushed,
  to: ManyOptions,
  tally: Tally,
): boolean {
  works.check();
  if (item instanceof UserPages) item.check(sender.pool);
  const payload = payloadOf(item);
  try {
    if (!sender.outbox.offer(peer, payload, to, settled)) return false;
    tally.begin();
    return true;
  } catch (error) {
    tally.begin();
    tally.refused();
    throw error;
  }
}

async function sendItem(
  sender: Sender,
  works: Works,
  { item, peer, settled }: Pushed,
  to: ManyOptions,
  tally: Tally,
  pace: Pace | null,
): Promise<void> {
  const release = item instanceof UserPages ? item.hold(sender.pool) : undefined;
  const payload = payloadOf(item);
  try {
    await pace?.(peer, payload.len);
    works.check();
    tally.begin();
    try {
      await sender.outbox.enqueue(peer, payload, to, settled);
    } catch (error) {
      tally.refused();
      throw error;
    }
  } finally {
    release?.();
  }
}

/** In a stream nobody asks for each completion; the pages are held by the datagrams themselves. */
function payloadOf(item: StreamItem): Payload {
  if (!(item instanceof UserPages)) return copied([octetsOf(item, 'source', 'octets or Pages in it')]);
  return { kind: 'frags', frags: item.frags, len: item.len, ubuf: new UbufInfo(() => {}) };
}
