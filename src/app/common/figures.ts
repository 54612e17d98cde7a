import { plural } from '../../verify/plural.js';

/** `1 datagram`, `2 datagrams`. */
export function counted(count: number, what: string): string {
  return `${grouped(count)} ${plural(count, what)}`;
}

/** A figure for people: no more digits than matter. */
export function figure(value: number): string {
  return value < 100 ? value.toFixed(1).replace(/\.0$/, '') : grouped(Math.round(value));
}

/** `1,234,567`. By hand: Node loads its languages for `toLocaleString`, which takes longer than a datagram. */
export function grouped(whole: number): string {
  return `${whole}`.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A rate; 0 where no time has passed. */
export function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0;
}
