import type { Frame } from '../../wire/frame.js';

/** What a capture file says of the frames of a datagram. */
export interface FrameTold {
  /** Comments, a line each. */
  readonly comment: string | undefined;
  /** Interface of the first frame that has one. */
  readonly interface: string | undefined;
}

export const NOTHING_TOLD: FrameTold = { comment: undefined, interface: undefined };

/** Characters of comments that are kept of a datagram: its fragments may have thousands. */
const MOST_TEXT = 4_096;

/** `told`, and what the file says of another frame of the same datagram. */
export function tellMore(
  told: FrameTold,
  { comment, interface: name }: Pick<Frame, 'comment' | 'interface'>,
): FrameTold {
  if (comment === undefined && (name === undefined || told.interface !== undefined)) return told;
  const from = told.interface ?? name;
  if (comment === undefined) return { ...told, interface: from };
  const text = told.comment === undefined ? comment : `${told.comment}\n${comment}`;
  return { comment: text.slice(0, MOST_TEXT), interface: from };
}
