import type { Frame } from '../../wire/frame.js';

/** When a frame came, as its record has it: a double of seconds since the epoch holds no nanoseconds. */
export type FrameTime = Pick<Frame, 'seconds' | 'nanoseconds'>;

/** What a capture file says of the frames of a datagram. The time is the latest one's, 0 where unknown. */
export interface FrameTold extends FrameTime {
  /** Comments, a line each. */
  readonly comment: string | undefined;
  /** Interface of the first frame that has one. */
  readonly interface: string | undefined;
}

export const NOTHING_TOLD: FrameTold = { comment: undefined, interface: undefined, seconds: 0, nanoseconds: 0 };

/** Characters of comments that are kept of a datagram: its fragments may have thousands. */
const MOST_TEXT = 4_096;

/** `told`, and what the file says of another frame of the same datagram. */
export function tellMore(
  told: FrameTold,
  { comment, interface: name }: Pick<Frame, 'comment' | 'interface'>,
  { seconds, nanoseconds }: FrameTime,
): FrameTold {
  const rest = { interface: told.interface ?? name, seconds, nanoseconds };
  if (comment === undefined) return { comment: told.comment, ...rest };
  const text = told.comment === undefined ? comment : `${told.comment}\n${comment}`;
  return { comment: text.slice(0, MOST_TEXT), ...rest };
}
