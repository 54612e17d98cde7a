import type { FileCapture } from '../../capture/file/engine.js';
import { linktypeName } from '../../wire/link-layer.js';
import type { Output } from './output.js';
import { printable } from './printable.js';

/** Says what is missing or wrong at the end of a file. @param so what that makes of what was done */
export function noteFault({ source, fault }: Pick<FileCapture, 'source' | 'fault'>, so: string, output: Notes): void {
  if (fault !== '') output.note(printable(`${source}: ${fault}; ${so}`));
}

/** Says what a file tells of itself. */
export function noteFile(
  { source, remarks, comments }: Pick<FileCapture, 'source' | 'remarks' | 'comments'>,
  output: Notes,
): void {
  for (const text of remarks) output.note(printable(`${source}: ${text}`));
  for (const text of comments) output.note(printable(`${source}: comment: ${text}`));
}

/** Says why nothing could be judged where the link type is not known. */
export function noteLinktype(
  linktype: number | undefined,
  { source }: Pick<FileCapture, 'source'>,
  output: Notes,
): void {
  if (linktype !== undefined && linktypeName(linktype) === undefined) {
    output.note(`${source}: frames of link type ${linktype}, which udp-ufo cannot read`);
  }
}

type Notes = Pick<Output, 'note'>;
