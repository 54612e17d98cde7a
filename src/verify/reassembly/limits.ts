export interface ReassemblyLimits {
  /** Octets of buffers and records that datagrams in progress may take. */
  readonly maxOctets: number;
  /** Datagrams in progress. */
  readonly maxPending: number;
  /** Verdicts that may wait for a completed datagram's leftovers. */
  readonly maxHeld: number;
  /** Seconds from the first fragment until an incomplete datagram is given up (RFC 1122 §3.3.2; RFC 8200 §4.5). */
  readonly timeout4: number;
  readonly timeout6: number;
  /** Seconds that a completed datagram waits for leftovers. */
  readonly holdTime: number;
}

export const DEFAULT_LIMITS: ReassemblyLimits = {
  maxOctets: 64 * 1024 * 1024,
  maxPending: 16_384,
  maxHeld: 16_384,
  timeout4: 30,
  timeout6: 60,
  holdTime: 30,
};
