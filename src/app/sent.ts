import { createHash } from 'node:crypto';
import { Expectation, type ExpectedPayload } from '../verify/expectation.js';
import type { Datagram } from '../verify/judge.js';
import { inspectPayload } from '../verify/payload.js';
import type { DatagramVerdict } from '../verify/verdict.js';

/** The datagrams of one sender, as their addresses and ports tell them from all others. */
export interface SentFlow {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/** What one sender sent, each datagram to be seen on the wire as often as it was sent and never else, in any order. */
export class Sent {
  readonly #flow: SentFlow;
  readonly #expectation = new Expectation();
  #sent = 0;
  #seen = 0;

  constructor({ source, sourcePort, destination, destinationPort }: SentFlow) {
    this.#flow = { source, sourcePort, destination, destinationPort };
  }

  /** Datagrams to be seen in all. */
  get sent(): number {
    return this.#sent;
  }

  /** Complete datagrams of the flow seen so far, right or wrong. */
  get seen(): number {
    return this.#seen;
  }

  /** To be told before the datagram is sent. */
  add(payload: Uint8Array): void {
    this.#expectation.add({ ...this.#flow, payload: expectedPayload(payload) });
    this.#sent += 1;
  }

  /** Looks at a complete datagram from the wire; what about it is not as it was sent. */
  readonly observe = (datagram: Datagram): readonly string[] => {
    if (!this.owns(datagram.verdict)) return [];
    this.#seen += 1;
    const expectation = this.#expectation;
    const strays = expectation.unexpected + expectation.repeated;
    const mismatches = expectation.observe(datagram);
    if (expectation.unexpected + expectation.repeated === strays) return mismatches;
    return [`payload got ${describe(datagram.payload)}, want one that was sent and not seen yet`];
  };

  /** Whether a verdict is about this flow; fragments without their first one are told by their addresses alone. */
  owns({ source, destination, udp }: DatagramVerdict): boolean {
    const flow = this.#flow;
    if (source !== flow.source || destination !== flow.destination) return false;
    return udp === null || (udp.sourcePort === flow.sourcePort && udp.destinationPort === flow.destinationPort);
  }
}

function expectedPayload(payload: Uint8Array): ExpectedPayload {
  const generated = inspectPayload(payload);
  if (generated !== null && generated.firstWrong < 0) return generated;
  return { sha256: createHash('sha256').update(payload).digest('hex'), length: payload.length };
}

function describe(payload: Uint8Array): string {
  const generated = inspectPayload(payload);
  const named = generated === null ? '' : `, datagram ${generated.sequence} of seed ${generated.seed}`;
  return `${payload.length} octets${named}`;
}
