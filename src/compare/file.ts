import { FAULTS } from '../faults/rules.js';
import type { ExpectedDatagram, ExpectedPayload } from './expected.js';
import { type Check, flag, isObject, listOf, oneOf, oneOrMore, shape, text, tuple, whole, wrongKey } from './shape.js';

/**
 * What was sent as a file, a JSON object a line: first what all datagrams have in common, then what is each one's own.
 *
 *     {"type":"sent","version":1,"interface":"near0","machine":"…","common":{"source":"192.0.2.1", …}}
 *     {"way":"software-ufo","ident":4711,"sizes":[[1480,2],[48,1]],"fragments":3,"payload":{"seed":1,"sequence":0,"length":3000}}
 */
export interface SentHead {
  /** It left by this interface of this machine (a boot of it). */
  readonly interface: string;
  readonly machine: string;
  readonly common: Partial<ExpectedDatagram>;
}

const VERSION = 1;

const PIECE = tuple(whole, whole, oneOf(0, 1));

/** What each name stands for; others are passed over. */
const FIELDS: Readonly<Record<keyof ExpectedDatagram, Check>> = {
  ...{ source: text, destination: text, sourcePort: whole, destinationPort: whole, way: text, ident: whole },
  ...{ fragments: whole, sizes: listOf(tuple(whole, whole)), mtu: whole, stoppedAfter: whole },
  headers: shape(
    {},
    {
      ...{ ttl: oneOrMore(whole), tos: oneOrMore(whole), df: oneOrMore(flag), flowLabel: oneOrMore(whole) },
      ...{ vlan: text, options: text, extensionHeaders: text },
      checksum: oneOf('computed', 'zero'),
    },
  ),
  planned: shape(
    {
      ...{ plan: text, verdict: oneOf('good', 'bad', 'incomplete'), faults: listOf(oneOf(...FAULTS)) },
      ...{ packets: listOf(PIECE), copies: whole },
    },
    { others: listOf(PIECE) },
  ),
  payload: shape({ length: whole }, { seed: whole, sequence: whole, sha256: text, digest: text }),
};

export function formatHead(head: SentHead): string {
  return `${JSON.stringify({ type: 'sent', version: VERSION, ...head })}\n`;
}

/** What `common` says is left out. */
export function formatSent(expected: ExpectedDatagram, common: Partial<ExpectedDatagram>): string {
  const own = Object.entries(expected).filter(([key, value]) => Reflect.get(common, key) !== value);
  return `${JSON.stringify(Object.fromEntries(own))}\n`;
}

/** The first line; or why it is none. */
export function parseHead(line: string): SentHead | string {
  const head = object(line);
  if (head === null || head['type'] !== 'sent') return 'this is no file of what was sent, as `send --save` writes it';
  if (head['version'] !== VERSION) return `version ${String(head['version'])}, want ${VERSION}`;
  const { interface: name, machine, common } = head;
  const complete = typeof name === 'string' && typeof machine === 'string' && isObject(common);
  if (!complete) return 'the head has no interface, machine or common';
  return fieldFault(common) ?? (head as unknown as SentHead);
}

/** One of the lines behind it; or why it is none. */
export function parseSent(line: string, common: Partial<ExpectedDatagram>): ExpectedDatagram | string {
  const own = object(line);
  if (own === null) return 'this is no JSON object';
  if (!isPayload(own['payload'])) return 'payload: want a length, with seed and sequence, a hash, or alone';
  return fieldFault(own) ?? ({ ...common, ...own } as ExpectedDatagram);
}

function fieldFault(fields: object): string | undefined {
  const wrong = wrongKey(fields, FIELDS);
  if (wrong === undefined) return undefined;
  return `${wrong}: ${JSON.stringify(Reflect.get(fields, wrong)).slice(0, 80)} is not what \`send --save\` writes there`;
}

function isPayload(value: unknown): value is ExpectedPayload {
  if (!isObject(value)) return false;
  const { length, seed, sequence } = value;
  const told = Number.isInteger(seed) && Number.isInteger(sequence);
  return Number.isInteger(length) && (told || (seed === undefined && sequence === undefined));
}

function object(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
