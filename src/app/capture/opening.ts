import { UfoError } from '../../errors.js';

/** A stop before a capture is ready ends its opening; later the capture is closed in order instead. */
export async function openUntilStopped<T>(signal: AbortSignal, open: (opening: AbortSignal) => Promise<T>): Promise<T> {
  const opening = new AbortController();
  const abort = (): void => opening.abort(new UfoError('ERR_UFO_STOPPED', 'stopped before the capture began'));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await open(opening.signal);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

export function beginText({
  interface: name,
  filter,
}: {
  readonly interface: string;
  readonly filter?: string | undefined;
}): string {
  return `capturing on ${name}${filter ? `, filter ${filter}` : ''}`;
}
