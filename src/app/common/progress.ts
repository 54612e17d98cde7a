/** A bar for a long job. */
export interface Progress {
  /** Sets how much of the total is done, in the unit given at the start. */
  update(done: number): void;
  /** Takes the bar off the screen; harmless when repeated. */
  stop(): void;
}

const SILENT: Progress = { update: () => {}, stop: () => {} };

/** Columns of the bar itself: with its figures a line of it fits 80. */
const BAR_COLUMNS = 20;

interface ProgressOptions {
  readonly stream?: NodeJS.WriteStream;
  /** Whether the time that is left is told: by default it is. */
  readonly showsEta?: boolean;
}

/**
 * Draws `label [====    ] 42% | 420/1000 unit | ETA 3s` on stderr, or where the total is not known `label: 420 unit`; nothing
 * at all where stderr is no terminal: a log file wants no bar.
 */
export async function createProgress(
  label: string,
  total: number,
  unit: string,
  { stream = process.stderr, showsEta = true }: ProgressOptions = {},
): Promise<Progress> {
  if (stream.isTTY !== true || !(total > 0)) return SILENT;
  if (!Number.isFinite(total)) return counter(label, unit, stream);
  const { SingleBar } = (await import('cli-progress')).default;
  const bar = new SingleBar({
    stream,
    format: `${label} [{bar}] {percentage}% | {value}/{total} ${unit}${showsEta ? ' | ETA {eta}s' : ''}`,
    barsize: BAR_COLUMNS,
    clearOnComplete: true,
    hideCursor: true,
    fps: 8,
  });
  bar.start(total, 0);
  return { update: (done) => bar.update(Math.min(done, total)), stop: () => bar.stop() };
}

const ERASE_LINE = '\r\x1b[K';

function counter(label: string, unit: string, stream: NodeJS.WriteStream): Progress {
  return {
    update: (done) => void stream.write(`${ERASE_LINE}${label}: ${done} ${unit}`),
    stop: () => void stream.write(ERASE_LINE),
  };
}
