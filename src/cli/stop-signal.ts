const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The wish to stop, from whoever has it: a signal, or a reader of stdout that has gone. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** The process signal that came, if any. */
  readonly received: NodeJS.Signals | undefined;
  /** Takes the signal handlers off again. */
  finish(): void;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts `signal`, so that a command can end in order and print its summary; the second
 * kills as usual, since handlers are for one time only. `closed` aborts it as well.
 */
export function stopSignal(closed: AbortSignal): StopSignal {
  const aborted = new AbortController();
  let received: NodeJS.Signals | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    received = name;
    finish();
    aborted.abort();
  };
  const finish = (): void => {
    for (const name of SIGNALS) process.off(name, onSignal);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: AbortSignal.any([aborted.signal, closed]),
    get received() {
      return received;
    },
    finish,
  };
}
