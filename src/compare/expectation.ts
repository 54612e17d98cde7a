import { createHash } from 'node:crypto';
import { fillPayload, inspectPayload } from '../payload/generated.js';
import type { Datagram, Observer } from '../verify/judge.js';
import type { DatagramVerdict } from '../verify/verdict.js';

/** One datagram that was sent. Whatever is left out is not compared. */
export interface ExpectedDatagram {
  readonly source?: string;
  readonly destination?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** IPv4 identification or that of the IPv6 fragment header. */
  readonly ident?: number;
  /** Fragments it was cut into, 0 for none. */
  readonly fragments?: number;
  readonly payload: ExpectedPayload;
}

/** A payload by what it was generated from, or by its octets' SHA-256. */
export type ExpectedPayload =
  | { readonly seed: number; readonly sequence: number; readonly length: number }
  | { readonly sha256: string; readonly length: number };

/**
 * What was sent, to be held against what came: `observe` goes to the `Verifier`, whose verdicts then carry what differs,
 * and `missing` tells after the end what never came whole. A datagram is known again by the seed and sequence in its
 * payload, else by its ident, else by its hash; others are no concern of ours and only counted.
 */
export class Expectation {
  /** Expected ones that have not come, by each name they can be known by; in the order of sending where idents repeat. */
  readonly #byName = new Map<string, Set<ExpectedDatagram>>();
  readonly #missing = new Set<ExpectedDatagram>();
  readonly #came = new Set<string>();
  /** Datagrams seen that were not expected. */
  unexpected = 0;
  /** Generated datagrams that came once more. */
  repeated = 0;

  constructor(expected: Iterable<ExpectedDatagram> = []) {
    for (const one of expected) this.add(one);
  }

  /** Datagrams may be added while others already come. */
  add(expected: ExpectedDatagram): void {
    this.#missing.add(expected);
    for (const name of namesOf(expected)) {
      const known = this.#byName.get(name);
      if (known) known.add(expected);
      else this.#byName.set(name, new Set([expected]));
    }
  }

  /** What was sent and has not come whole. */
  missing(): ExpectedDatagram[] {
    return [...this.#missing];
  }

  readonly observe: Observer = (datagram) => {
    const expected = this.#find(datagram);
    if (expected === undefined) return [];
    this.#missing.delete(expected);
    for (const name of namesOf(expected)) this.#byName.get(name)?.delete(expected);
    return [...fieldMismatches(expected, datagram), ...payloadMismatches(expected.payload, datagram.payload)];
  };

  #find({ verdict, payload }: Datagram): ExpectedDatagram | undefined {
    const generated = inspectPayload(payload);
    const tag = generated && tagName(generated.seed, generated.sequence);
    const names = [
      ...(tag === null ? [] : [tag]),
      ...(verdict.ident === null ? [] : [identName(verdict.ident)]),
      ...(tag === null ? [hashName(sha256(payload))] : []),
    ];
    for (const name of names) {
      const expected = first(this.#byName.get(name), (one) => name === tag || sameEnd(one, verdict));
      if (expected === undefined) continue;
      if (tag !== null) this.#came.add(tag);
      return expected;
    }
    if (tag !== null && this.#came.has(tag)) this.repeated++;
    else this.unexpected++;
    return undefined;
  }
}

function first<T>(items: Iterable<T> | undefined, wanted: (item: T) => boolean): T | undefined {
  for (const item of items ?? []) if (wanted(item)) return item;
  return undefined;
}

function namesOf({ ident, payload }: ExpectedDatagram): string[] {
  const names = 'seed' in payload ? [tagName(payload.seed, payload.sequence)] : [hashName(payload.sha256)];
  return ident === undefined ? names : [...names, identName(ident)];
}

const tagName = (seed: number, sequence: number): string => `tag ${seed} ${sequence}`;
const identName = (ident: number): string => `ident ${ident}`;
const hashName = (hash: string): string => `hash ${hash}`;

/** Foreign datagrams may have an ident of ours, but they go elsewhere. */
function sameEnd({ destination, destinationPort }: ExpectedDatagram, verdict: DatagramVerdict): boolean {
  return (
    (destination === undefined || destination === verdict.destination) &&
    (destinationPort === undefined || destinationPort === verdict.udp?.destinationPort)
  );
}

function fieldMismatches(expected: ExpectedDatagram, { verdict }: Datagram): string[] {
  const got: Omit<ExpectedDatagram, 'payload'> = {
    source: verdict.source,
    destination: verdict.destination,
    ...(verdict.udp && { sourcePort: verdict.udp.sourcePort, destinationPort: verdict.udp.destinationPort }),
    ...(verdict.ident !== null && { ident: verdict.ident }),
    fragments: verdict.fragments,
  };
  const keys = ['source', 'destination', 'sourcePort', 'destinationPort', 'ident', 'fragments'] as const;
  return keys.flatMap((key) =>
    expected[key] === undefined || expected[key] === got[key]
      ? []
      : [`${key} got ${got[key] ?? 'none'}, want ${expected[key]} as sent`],
  );
}

function payloadMismatches(expected: ExpectedPayload, payload: Uint8Array): string[] {
  if (payload.length !== expected.length) {
    return [`payload length got ${payload.length}, want ${expected.length} as sent`];
  }
  if (!('seed' in expected)) {
    const hash = sha256(payload);
    return hash === expected.sha256 ? [] : [`payload sha256 got ${hash}, want ${expected.sha256} as sent`];
  }
  const { seed, sequence } = expected;
  const at = firstWrong(payload, seed, sequence);
  return at < 0 ? [] : [`payload octet ${at} got ${payload[at]}, want that of seed ${seed}, datagram ${sequence}`];
}

/** Room for one payload, so that comparing makes no garbage. */
const scratch = new Uint8Array(65_536);

/** Index of the first octet that `fillPayload` would have written otherwise, −1 where there is none. */
function firstWrong(payload: Uint8Array, seed: number, sequence: number): number {
  const want = scratch.subarray(0, payload.length);
  fillPayload(want, seed, sequence);
  if (Buffer.compare(payload, want) === 0) return -1;
  return payload.findIndex((octet, i) => octet !== want[i]);
}

function sha256(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
