import { byOffset, orderText, packetFields } from './differences.js';
import type { CutPacket } from './packet.js';

/** More values than these are told as how many there are. */
const MOST_RUNS = 6;

/**
 * Every field of every fragment, folded over the fragments by offset: `44 × 1500, 415`; offsets and the like as
 * `0, 1480 … 65120`.
 */
export function foldedFields(packets: readonly CutPacket[]): Map<string, string> {
  const values = new Map<string, string[]>();
  for (const packet of byOffset(packets)) {
    for (const [name, value] of packetFields(packet)) values.set(name, [...(values.get(name) ?? []), value]);
  }
  const folded = [...values].map(([name, all]) => [name, folding(all)] as const);
  return new Map([['packets', `${packets.length}`], ['order', orderText(packets)], ...folded]);
}

function folding(values: readonly string[]): string {
  const step = stepOf(values);
  if (step !== null) return `${values[0]}, ${values[1]} … ${values.at(-1)}`;
  const runs: [string, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.[0] === value) last[1] += 1;
    else runs.push([value, 1]);
  }
  const [only] = runs;
  if (runs.length === 1) return only![0];
  const texts = runs.map(([value, times]) => (times === 1 ? value : `${times} × ${value}`));
  return texts.length <= MOST_RUNS
    ? texts.join(', ')
    : `${texts.slice(0, MOST_RUNS - 1).join(', ')} … (${values.length} values)`;
}

/** What one value is above the one before, where that is the same all along. */
function stepOf(values: readonly string[]): number | null {
  const numbers = values.map(Number);
  if (numbers.length < 4) return null;
  const step = numbers[1]! - numbers[0]!;
  return step !== 0 && numbers.every((value, i) => i === 0 || value - numbers[i - 1]! === step) ? step : null;
}
