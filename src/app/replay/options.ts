import { argumentError, usageError } from '../../errors.js';
import { isReadOnce } from '../../host/input-stream.js';
import type { Reach } from '../../options/reach.js';
import type { Rewriting } from '../../options/rewriting.js';
import type { FrameDriver } from '../../socket/frames/ways.js';
import { DRIVER_TRAITS } from '../../tx/drivers.js';

/** `udp-ufo replay` as typed. */
export interface ReplayOptions extends Reach {
  /** pcap or pcapng, compressed or not; `-` is standard input. */
  readonly file: string;
  readonly interface?: string | undefined;
  readonly driver: FrameDriver;
  /** Frames a second; without it each goes at its own time after the first. */
  readonly rate?: number | undefined;
  /** Times that the file is sent. */
  readonly loop: number;
  readonly rewrite?: Rewriting | undefined;
  /** true: on the interface that sends; a name: there. */
  readonly verify: string | boolean;
  /** With `verify`: nothing may change on the way, wherever the capture is. */
  readonly strict: boolean;
  /** Send nothing. */
  readonly dryRun: boolean;
  /** With `dryRun` what would go out. */
  readonly pcap?: string | undefined;
  /** With `verify`: a file for a page of it all. */
  readonly html?: string | undefined;
  readonly json: boolean;
}

/** @throws UfoError ERR_UFO_USAGE: pipes, terminals and the like give their octets once */
export async function refuseLoop({ loop, file }: ReplayOptions): Promise<void> {
  if (loop === 1 || !(await isReadOnce(file))) return;
  const name = file === '-' ? 'standard input' : file;
  throw usageError(`--loop: ${name} can be read once`, 'give a plain file');
}

/** @throws UfoError ERR_UFO_USAGE or ERR_UFO_INVALID_ARGUMENT: what does not go together */
export function refuseContradictions(options: ReplayOptions): void {
  const { dryRun, verify, strict, pcap, html, driver, interface: name } = options;
  if (dryRun && verify !== false)
    throw usageError('--verify: with --dry-run nothing is on the wire', 'udp-ufo verify -r FILE judges a file');
  if (html !== undefined && verify === false)
    throw usageError('--html: nothing is held against the file', 'add --verify');
  if (strict && verify === false) throw usageError('--strict: nothing is compared', 'add --verify');
  if (!dryRun && pcap !== undefined)
    throw usageError('--pcap: nothing to write', 'add --dry-run for what would go out');
  if (!dryRun && !DRIVER_TRAITS[driver].sends)
    throw argumentError('--driver', driver, 'a driver that sends', 'use --dry-run --pcap FILE');
  if (!dryRun && name === undefined) throw usageError('--interface: not given (interface to send by)');
}
