/** A bar for a long job. */
export interface Progress {
  /** Sets how much of the total is done, in the unit given at the start. */
  update(done: number): void;
  /** Takes the bar off the screen; harmless when repeated. */
  stop(): void;
}

const SILENT: Progress = { update: () => {}, stop: () => {} };

/**
 * Draws `label [====    ] 42% | 420/1000 unit | ETA 3s` on stderr, and nothing at all where stderr is no terminal: a log file
 * wants no bar. Never use it together with `--json` on the same terminal line by line; stdout stays untouched anyway.
 */
export async function createProgress(
  label: string,
  total: number,
  unit: string,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<Progress> {
  if (stream.isTTY !== true || !(total > 0)) return SILENT;
  const { SingleBar } = (await import('cli-progress')).default;
  const bar = new SingleBar({
    stream,
    format: `${label} [{bar}] {percentage}% | {value}/{total} ${unit} | ETA {eta}s`,
    clearOnComplete: true,
    hideCursor: true,
    fps: 8,
  });
  bar.start(total, 0);
  return { update: (done) => bar.update(Math.min(done, total)), stop: () => bar.stop() };
}
