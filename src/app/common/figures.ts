import { grouped } from '../../report/grouped.js';
import { plural } from '../../verify/plural.js';

/** `1 datagram`, `2 datagrams`. */
export function counted(count: number, what: string): string {
  return `${grouped(count)} ${plural(count, what)}`;
}

/** Where octets were written: `in FILE`. */
export function inFile(path: string): string {
  return path === '-' ? 'on standard output' : `in ${path}`;
}

/** A figure for people: no more digits than matter. */
export function figure(value: number): string {
  return value < 100 ? value.toFixed(1).replace(/\.0$/, '') : grouped(Math.round(value));
}

/** A rate; 0 where no time has passed. */
export function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}
