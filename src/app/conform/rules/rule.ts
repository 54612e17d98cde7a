/** What must come back for it to be kept. */
export interface Want {
  /** Datagrams delivered; null where the RFCs leave it open. */
  readonly delivered: number | null;
  /** An ICMP error: which, and whether it must come (a SHOULD counts as allowed to be left out). */
  readonly icmp?: {
    readonly kind: 'parameterProblem' | 'timeExceeded';
    readonly code: number;
    readonly pointer?: number;
    readonly must: boolean;
  };
  /** No ICMP error at all. */
  readonly silent?: boolean;
  /** The error must come within this time, seconds. */
  readonly seconds?: readonly [number, number];
}

/** One demand of an RFC on reassembly, as a datagram with a plan and what must come back. */
export interface Rule {
  readonly demand: string;
  readonly section: string;
  /** Number in the IPv6 Ready Core Protocols test specification 5.0, section 1.3. */
  readonly ready?: string;
  readonly family: 4 | 6;
  readonly plan: string;
  readonly size: number;
  /** The second fragment has another address there. */
  readonly other?: 'source' | 'destination';
  /** IPv4 options of the datagram. */
  readonly options?: Uint8Array;
  readonly want: Want;
  /** A receiver may have limits here: not delivering is allowed. */
  readonly limit?: boolean;
}

/** Octets of most questions: three fragments at an MTU of 1,500. */
export const SIZE = 4000;
export const ONE: Want = { delivered: 1 };
export const NONE: Want = { delivered: 0 };
export const ANY: Want = { delivered: null };
export const R4 = 'RFC 791 §3.2';
export const R6 = 'RFC 8200 §4.5';

/** The same demand over both families, each with its section. */
export function both(
  rule: Omit<Rule, 'family' | 'section' | 'ready'>,
  section4: string,
  section6: string,
  ready?: string,
): Rule[] {
  return [
    { ...rule, family: 4, section: section4 },
    { ...rule, family: 6, section: section6, ...(ready === undefined ? {} : { ready }) },
  ];
}
