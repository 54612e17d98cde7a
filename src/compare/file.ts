import type { ExpectedDatagram } from './expected.js';
import { FIELDS, isPayload, known } from './expected-fields.js';
import { isObject, wrongKey } from './shape.js';

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
  return fieldFault(own) ?? known({ ...common, ...own } as ExpectedDatagram);
}

function fieldFault(fields: object): string | undefined {
  const wrong = wrongKey(fields, FIELDS);
  if (wrong === undefined) return undefined;
  return `${wrong}: ${JSON.stringify(Reflect.get(fields, wrong)).slice(0, 80)} is not what \`send --save\` writes there`;
}

function object(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
