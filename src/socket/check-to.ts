import { checkFunction, checkObject, checkSignal, refuseUnknown } from '../checks.js';
import { typeError } from '../errors.js';
import { checkPlan } from '../ufo/plan.js';
import { StreamCounts } from './flight/counts.js';
import type { FileOptions, ManyOptions, SendOptions, To } from './options.js';
import { checkPacer } from './pacing.js';
import { checkFlows } from './path/flow-peers.js';

type Named<T> = Readonly<Record<keyof T, true>>;

const TO: Named<To> = { address: true, port: true, ident: true, plan: true, signal: true, nonBlocking: true };
const SEND: Named<SendOptions> = { ...TO, zerocopy: true };
const MANY: Named<ManyOptions> = {
  ...TO,
  flows: true,
  pacer: true,
  counts: true,
  onDatagram: true,
  onStopped: true,
};
const FILE: Named<FileOptions> = { ...MANY, datagramSize: true, offset: true, length: true, onProgress: true };
const OF = {
  send: Object.keys(SEND),
  sendMany: Object.keys(MANY),
  sendFile: Object.keys(FILE),
  sendPages: Object.keys(TO),
  uncork: Object.keys(TO),
  path: Object.keys(TO),
} as const;

/**
 * What a call is told of a datagram or of many, by name: a misspelt address would else send them to this host.
 * @throws UfoError ERR_UFO_INVALID_ARGUMENT
 */
export function checkTo(to: unknown, call: keyof typeof OF): void {
  checkObject('to', to, 'an object: where to, and how');
  refuseUnknown(to, OF[call], call);
  const { plan, signal } = to as To;
  if (plan !== undefined) checkPlan(plan);
  checkSignal(signal);
}

/** As `checkTo`, and what is told of the stream as a whole. @throws UfoError ERR_UFO_INVALID_ARGUMENT */
export function checkMany(to: unknown, call: 'sendMany' | 'sendFile'): asserts to is ManyOptions {
  checkTo(to, call);
  const { flows, pacer, counts, onDatagram, onStopped } = to as ManyOptions;
  if (flows !== undefined) checkFlows(flows);
  if (pacer !== undefined) checkPacer(pacer);
  if (counts !== undefined && !(counts instanceof StreamCounts))
    throw typeError('counts', counts, 'a StreamCounts', 'new StreamCounts()');
  checkFunction('onDatagram', onDatagram, 'a function that is told of each datagram');
  checkFunction('onStopped', onStopped, 'a function that is told of each datagram');
}
