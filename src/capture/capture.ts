import type { Frame } from '../wire/frame.js';

/** What a capture saw and lost, as far as its engine can know. */
export interface CaptureStats {
  /** Frames handed to the reader. */
  readonly received: number;
  /** Frames the kernel or the engine dropped before the reader saw them; null where it cannot be known. */
  readonly lost: number | null;
}

/**
 * A running capture. An engine resolves it only when frames are really being captured. Iterating yields batches, each as
 * soon as it is there; the iteration ends after `close()` once everything already captured has been handed over, at the
 * end of a file, or throws where the device fails.
 */
export interface Capture extends AsyncIterable<readonly Frame[]>, AsyncDisposable {
  readonly engine: 'cap' | 'libpcap' | 'file';
  /** Interface or file. */
  readonly source: string;
  stats(): Promise<CaptureStats>;
  /** Stops capturing; what was captured before is still delivered. Idempotent. */
  close(): Promise<void>;
}
