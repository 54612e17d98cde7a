/** What was found on the way, from what hinders most to what is only told. */
export const FINDINGS = [
  'unreachable',
  'later-dropped',
  'first-dropped',
  'fragments-dropped',
  'fragments-lost',
  'lossy',
  'rate-limited',
  'size-limited',
  'black-hole',
  'datagrams-limited',
  'tiny-dropped',
  'order-dropped',
  'options-dropped',
  'options-fragments-dropped',
  'not-known',
  'not-sent',
  'damaged',
  'path-mtu',
  'duplicated',
  'reordered',
  'translated',
  'reassembled',
  'ttl-rewritten',
  'df-cleared',
  'options-stripped',
] as const;
export type FindingCode = (typeof FINDINGS)[number];

/** One thing found: a sentence, and what to look at next. */
export interface Finding {
  readonly code: FindingCode;
  readonly says: string;
  readonly next: string;
}
