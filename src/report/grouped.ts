/**
 * `1,234,567`, and `1,234.568`: three decimals at most. By hand: Node loads its languages for `toLocaleString`, which takes longer
 * than a datagram.
 */
export function grouped(value: number): string {
  const [whole = '', ...decimals] = `${Math.round(value * 1000) / 1000}`.split('.');
  return [whole.replace(/\B(?=(\d{3})+$)/g, ','), ...decimals].join('.');
}
