// The runs of `npm run soak` as an image that stands alone: a row a driver, a line a figure.
const [WIDTH, HEIGHT, LEFT, TOP, GAP] = [260, 90, 130, 30, 40];
const FIGURES = [
  ['memory', 'memory, MiB', (value) => value / 2 ** 20],
  ['descriptors', 'descriptors', (value) => value],
  ['threads', 'threads', (value) => value],
];

export function drawRuns(runs) {
  const width = LEFT + FIGURES.length * (WIDTH + GAP);
  const height = TOP + runs.length * (HEIGHT + GAP);
  const font = 'font-family="system-ui, sans-serif" font-size="12"';
  const rows = runs.map((run, row) => drawRun(run, TOP + row * (HEIGHT + GAP)));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${font}>\n` +
    `<rect width="${width}" height="${height}" fill="#ffffff"/>\n${rows.join('\n')}\n</svg>\n`
  );
}

function drawRun({ driver, samples }, top) {
  const charts = FIGURES.map(([name, title, scale], column) => {
    const left = LEFT + column * (WIDTH + GAP);
    const points = samples.map((one) => [one.seconds, scale(one[name])]);
    return drawChart(title, points, left, top);
  });
  return `<text x="8" y="${top + HEIGHT / 2}" font-weight="bold">${driver}</text>\n${charts.join('\n')}`;
}

/** From 0 up, so that flat looks flat. */
function drawChart(title, points, left, top) {
  const most = Math.max(1, ...points.map(([, value]) => value));
  const last = Math.max(1, ...points.map(([seconds]) => seconds));
  const line = points.map(([seconds, value]) => {
    const x = left + (WIDTH * seconds) / last;
    return `${x.toFixed(1)},${(top + HEIGHT - (HEIGHT * value) / most).toFixed(1)}`;
  });
  return [
    `<rect x="${left}" y="${top}" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#d0d7de"/>`,
    `<polyline points="${line.join(' ')}" fill="none" stroke="#1f6feb" stroke-width="1.5"/>`,
    `<text x="${left}" y="${top - 6}">${title}, at most ${most.toFixed(most < 100 ? 1 : 0)}, ${last.toFixed(0)} s</text>`,
  ].join('\n');
}
