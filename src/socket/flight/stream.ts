import { UbufInfo } from '../../skb/ubuf-info.js';
import { copied, type Payload } from '../../ufo/append-data.js';
import type { ManyOptions } from '../options.js';
import { Pages } from '../pages.js';
import type { Peer } from '../path/peer.js';
import type { Sender } from '../sender.js';
import type { Works } from '../waiting/works.js';
import type { SendSummary } from './datagram.js';
import { Tally } from './tally.js';

export type StreamSource = AsyncIterable<Uint8Array | Pages> | Iterable<Uint8Array | Pages>;

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
    const step = (item: Uint8Array | Pages): Promise<void> | undefined => {
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
function offerItem(
  sender: Sender,
  works: Works,
  peer: Peer,
  item: Uint8Array | Pages,
  to: ManyOptions,
  tally: Tally,
): boolean {
  works.check();
  if (item instanceof Pages) item.check(sender.pool);
  const payload: Payload = item instanceof Pages ? pagesPayload(item) : copied([item]);
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
  item: Uint8Array | Pages,
  to: ManyOptions,
  tally: Tally,
): Promise<void> {
  const release = item instanceof Pages ? item.hold(sender.pool) : undefined;
  const payload: Payload = item instanceof Pages ? pagesPayload(item) : copied([item]);
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
function pagesPayload(pages: Pages): Payload {
  return { kind: 'frags', frags: pages.frags, len: pages.len, ubuf: new UbufInfo(() => {}) };
}
