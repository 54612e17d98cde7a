import { checkObject, checkSignal, refuseUnknown } from '../checks.js';
import type { FileOptions, ManyOptions, SendOptions, To } from './options.js';

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
  checkSignal((to as To).signal);
}
