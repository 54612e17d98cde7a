import { describeScenario } from '../scenario.js';
import type { Result } from './summary.js';

const WIDTH = 760;
const LABEL = 150;
const FIGURE = 90;
const BAR = 18;
const GAP = 6;
const TITLE = 34;
const COLORS = { driver: '#1f6feb', command: '#8250df', yardstick: '#8b949e' } as const;

/** Horizontal bars of payload rate, a group for each scenario, fastest first; an image that stands alone. */
export function barChart(results: readonly Result[]): string {
  const groups = groupByScenario(results);
  const parts: string[] = [];
  let y = 0;
  for (const [title, group] of groups) {
    const [drawn, height] = drawGroup(title, group, y);
    parts.push(drawn);
    y += height;
  }
  const font = 'font-family="system-ui, sans-serif" font-size="12"';
  const size = `width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`;
  const background = `<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>\n${background}\n${parts.join('\n')}\n</svg>\n`;
}

function groupByScenario(results: readonly Result[]): Map<string, Result[]> {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const title = describeScenario(result);
    groups.set(title, [...(groups.get(title) ?? []), result]);
  }
  return groups;
}

function drawGroup(title: string, results: readonly Result[], top: number): [string, number] {
  const shown = results.filter((one) => one.bitsPerSecond !== null);
  const ordered = shown.sort((a, b) => b.bitsPerSecond! - a.bitsPerSecond!);
  const most = ordered[0]?.bitsPerSecond ?? 1;
  const lines = [`<text x="8" y="${top + 22}" font-weight="bold">${escapeText(title)}, Gbit/s of payload</text>`];
  ordered.forEach(({ name, kind, bitsPerSecond }, index) => {
    const y = top + TITLE + index * (BAR + GAP);
    const width = Math.max(1, Math.round(((WIDTH - LABEL - FIGURE) * bitsPerSecond!) / most));
    const middle = y + BAR - 5;
    lines.push(
      `<text x="${LABEL - 8}" y="${middle}" text-anchor="end">${escapeText(name)}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${width}" height="${BAR}" fill="${COLORS[kind]}"/>`,
      `<text x="${LABEL + width + 6}" y="${middle}">${(bitsPerSecond! / 1e9).toFixed(2)}</text>`,
    );
  });
  return [lines.join('\n'), TITLE + ordered.length * (BAR + GAP) + GAP];
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
