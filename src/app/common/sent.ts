import { createHash } from 'node:crypto';
import type { DatagramVerdict } from '../../verify/verdict.js';

/** The datagrams of one sender, as their addresses and ports tell them from all others. */
export interface SentFlow {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/**
 * What one sender sent, by the SHA-256 of each payload: on the wire each is to be seen as often as it was sent, in any
 * order, and nothing else.
 */
export class Sent {
  readonly #flow: SentFlow;
  /** Not seen yet: hash to how often. */
  readonly #open = new Map<string, number>();
  #last: { readonly payload: Uint8Array; readonly hash: string } | null = null;
  #count = 0;

  constructor(flow: SentFlow) {
    this.#flow = flow;
  }

  /** Datagrams to be seen in all. */
  get count(): number {
    return this.#count;
  }

  /** To be told before the datagram is sent. */
  add(payload: Uint8Array): void {
    // A file sent again and again is one buffer.
    if (payload !== this.#last?.payload) this.#last = { payload, hash: sha256(payload) };
    const { hash } = this.#last;
    this.#open.set(hash, (this.#open.get(hash) ?? 0) + 1);
    this.#count += 1;
  }

  /** Takes a datagram from the wire; what about its payload is not as it was sent. */
  take({ payloadSha256, payloadLen, complete }: DatagramVerdict): readonly string[] {
    if (!complete || payloadSha256 === null) return [];
    const left = this.#open.get(payloadSha256);
    if (left === undefined) return [`payload got ${payloadLen} octets, want one that was sent and not seen yet`];
    if (left === 1) this.#open.delete(payloadSha256);
    else this.#open.set(payloadSha256, left - 1);
    return [];
  }

  /** Whether a verdict is about this flow; fragments without their first one are told by their addresses alone. */
  owns({ source, destination, udp }: DatagramVerdict): boolean {
    const flow = this.#flow;
    if (source !== flow.source || destination !== flow.destination) return false;
    return udp === null || (udp.sourcePort === flow.sourcePort && udp.destinationPort === flow.destinationPort);
  }
}

/** In hexadecimal, as verdicts have it. */
export function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
