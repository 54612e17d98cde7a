/** Calls `stop` once the signal aborts, at once where it has, or `durationMs` are over, until this is disposed of. */
export function endWith(signal: AbortSignal, durationMs: number | undefined, stop: () => void): Disposable {
  const timer = durationMs === undefined ? undefined : setTimeout(stop, durationMs);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    },
  };
}
