import { UbufInfo } from '../../skb/ubuf-info.js';
import { copied, type Payload } from '../../ufo/append-data.js';
import { type Octets, octetsOf } from '../dgram/message.js';
import type { ManyOptions } from '../options.js';
import { type Pages, UserPages } from '../pages.js';
import type { Peer } from '../path/peer.js';
import type { Sender } from '../sender.js';
import type { Works } from '../waiting/works.js';
import type { SendSummary } from './datagram.js';
import { Tally } from './tally.js';

/** What goes into a stream: a datagram's octets, or pages full of them. */
export type StreamItem = Octets | Pages;
export type StreamSource = AsyncIterable<StreamItem> | Iterable<StreamItem>;

/**
 * One datagram after the other, as many at a time as the send budget allows. Whatever ends it early (a refusal, the signal,
 * the source's own failure, closing), it waits for what is on its way and then throws that, with the summary.
 */
export async function sendStream(
  sender: Sender,
  works: Works,
  peer: Peer,
  source: StreamSource,
  to: ManyOptions,
): Promise<SendSummary> {
  const { device } = peer.channel;
  const tally = new Tally(device.driver, to.onDatagram);
  try {
    const step = (item: StreamItem): Promise<void> | undefined => {
      to.signal?.throwIfAborted();
      if (to.pacer === undefined && offerItem(sender, works, peer, item, to, tally)) return undefined;
      return sendItem(sender, works, peer, item, to, tally);
    };
    // Turns of the microtask queue cost more than a small datagram: there are none where nothing has to be waited for.
    if (Symbol.iterator in source) {
      for (const item of source) {
        if (tally.failure !== null) break;
        const waiting = step(item);
        if (waiting !== undefined) await waiting;
      }
    } else {
      for await (const item of source) {
        if (tally.failure !== null) break;
        await step(item);
      }
    }
  } catch (error) {
    tally.failure ??= { error };
  }
  await tally.idle();
  return tally.finish(device);
}

/** Sends an item at once, or says that it has to wait. */
function offerItem(sender: Sender, works: Works, peer: Peer, item: StreamItem, to: ManyOptions, tally: Tally): boolean {
  works.check();
  if (item instanceof UserPages) item.check(sender.pool);
  const payload = payloadOf(item);
  try {
    if (!sender.outbox.offer(peer, payload, to, tally.settled)) return false;
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
  peer: Peer,
  item: StreamItem,
  to: ManyOptions,
  tally: Tally,
): Promise<void> {
  const release = item instanceof UserPages ? item.hold(sender.pool) : undefined;
  const payload = payloadOf(item);
  try {
    if (to.pacer !== undefined)
      await to.pacer.ready(peer.packets(payload.len), 8 * peer.octets(payload.len), to.signal);
    works.check();
    tally.begin();
    try {
      await works.run(() => sender.outbox.enqueue(peer, payload, to, tally.settled));
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
