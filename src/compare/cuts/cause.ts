import type { CutPacket } from './packet.js';

/** A datagram as it was asked for, and as the UFO stage of ours cuts it. */
export interface Reference {
  readonly family: 4 | 6;
  /** Largest IP packet, octets. */
  readonly mtu: number;
  /** The packet before the cut, its UDP checksum complete. */
  readonly whole: CutPacket;
  readonly packets: readonly CutPacket[];
}

/** What a rule of somebody else makes of it; `fragments` in the order they are sent. */
export type Made = Pick<Reference, 'whole' | 'packets'>;

/**
 * `allowed`: the RFCs leave it open. `broken`: they do not. `unsure`: nothing can be said of the cut, for it is another
 * datagram's, or was not made yet.
 */
export type Judgement = 'allowed' | 'broken' | 'unsure';

/** A known way of cutting that is not ours. */
export interface KnownWay {
  readonly code: string;
  /** What is different. */
  readonly what: string;
  /** Who does so: the kernel's function, or whoever else. */
  readonly who: string;
  /** What the RFCs say of it, and what it comes to. */
  readonly rule: string;
  readonly judgement: Judgement;
  /** Ways that are known to do so: nothing new where they do. */
  readonly ways: readonly string[];
}

/** One that can be made of our packets, and so be told from any other. */
export interface Cause extends KnownWay {
  /**
   * What is made by this rule; null where it makes nothing else. `got` is what came, for what the rule leaves to who cuts
   * (an ident, a flow label).
   */
  readonly make: (made: Made, reference: Reference, got: readonly CutPacket[]) => Made | null;
}
