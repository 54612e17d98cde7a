import type { Flow } from '../skb/flow.js';
import type { SkbFrag } from '../skb/shared-info.js';
import type { SkBuff } from '../skb/skbuff.js';

/** One payload of many; the object may be used again for the next. */
export interface StreamPayload {
  /** Octets of all of it. */
  readonly len: number;
  /** What is to be copied: all of it, or what stands in front of the frags. */
  readonly octets: Uint8Array;
  /** The rest, in pages that whoever lends them keeps. */
  readonly frags: readonly SkbFrag[];
  /** One's complement sum of all of it; −1 where it is not known. */
  readonly sum: number;
}

/** An skb that serves a stream again and again, for devices that are done with its octets when they have taken its rows. */
export interface StreamSkb {
  readonly skb: SkBuff;
  /** Whether it serves for a payload. */
  fits(payload: StreamPayload): boolean;
  /** Makes it one of that flow, where nothing but addresses and ports differs; false where more does. */
  turnTo(flow: Flow): boolean;
  /** Makes it the datagram of a payload that fits. */
  fill(payload: StreamPayload, ident: number): void;
  /** The pages lent for the last datagram are no longer needed. */
  giveBack(): void;
  /** Lets go of it, between two datagrams. */
  free(): void;
}
