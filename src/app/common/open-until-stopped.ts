/**
 * A stop before something is open, be it a FIFO that nobody reads or a capture, ends its opening with the signal's reason; later it
 * is closed in order instead.
 */
export async function openUntilStopped<T>(signal: AbortSignal, open: (opening: AbortSignal) => Promise<T>): Promise<T> {
  const opening = new AbortController();
  const abort = (): void => opening.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await open(opening.signal);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
