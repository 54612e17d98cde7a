import type { ExpectedDatagram, ExpectedPayload } from './expected.js';

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
  const whole = typeof name === 'string' && typeof machine === 'string' && typeof common === 'object';
  return whole ? (head as unknown as SentHead) : 'the head has no interface, machine or common';
}

/** One of the lines behind it; or why it is none. */
export function parseSent(line: string, common: Partial<ExpectedDatagram>): ExpectedDatagram | string {
  const own = object(line);
  if (own === null) return 'this is no JSON object';
  if (!isPayload(own['payload'])) return 'payload: want a length, with seed and sequence, a hash, or alone';
  return { ...common, ...own } as ExpectedDatagram;
}

function isPayload(value: unknown): value is ExpectedPayload {
  if (typeof value !== 'object' || value === null) return false;
  const { length, seed, sequence } = value as Record<string, unknown>;
  const told = Number.isInteger(seed) && Number.isInteger(sequence);
  return Number.isInteger(length) && (told || (seed === undefined && sequence === undefined));
}

function object(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
