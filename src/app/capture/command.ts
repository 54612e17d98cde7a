import type { Engine } from '../../capture/child/protocol.js';
import type { Direction } from '../../capture/record-sink.js';

export interface CaptureCommandOptions {
  readonly interface: string;
  /** BPF; default everything. */
  readonly filter?: string | undefined;
  /** A pcap or pcapng file, or `-` for stdout; then no text goes there. */
  readonly write?: string | undefined;
  /** Frames to take at most. */
  readonly count?: number | undefined;
  /** Time to capture at most, ms. */
  readonly durationMs?: number | undefined;
  /** Octets of the kernel's ring. */
  readonly bufferSize?: number | undefined;
  readonly engine?: Engine | 'auto' | undefined;
  /** Only what comes in, or goes out; default both. */
  readonly direction?: Direction | undefined;
  readonly json: boolean;
}

export function beginText({ interface: name, filter }: Pick<CaptureCommandOptions, 'interface' | 'filter'>): string {
  return `capturing on ${name}${filter ? `, filter ${filter}` : ''}`;
}

/** What a capture came to. */
export interface CaptureResult {
  readonly engine: Engine;
  readonly frames: number;
  readonly lost: number | null;
}
