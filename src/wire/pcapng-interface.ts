import { DEFAULT_SNAPLEN } from './pcap-format.js';
import {
  INTERFACE_BODY_LEN,
  OPT_COMMENT,
  OPT_IF_NAME,
  OPT_IF_TSOFFSET,
  OPT_IF_TSRESOL,
  OPT_ISB_IFDROP,
  OPT_ISB_OSDROP,
  readOptions,
  STATISTICS_BODY_LEN,
} from './pcapng-format.js';
import { MICROSECONDS, type Resolution, unitsOf } from './pcapng-time.js';

const text = new TextDecoder();

/** An interface of a section, as its description block says. */
export interface CaptureInterface {
  readonly linktype: number;
  /** 0: no limit. */
  readonly snaplen: number;
  readonly name: string;
  readonly resolution: Resolution;
  /** Frames lost on it since the capture began, as the last statistics say; null where none do. */
  stated: number | null;
  /** Frames lost on it between its packets, as these say; null where none does. */
  counted: number | null;
}

/**
 * Frames lost on an interface; null where nothing says. Statistics have totals, packets what was lost right before them: both
 * tell of the same frames, and the larger knows of more of them.
 */
export function lostOn({ stated, counted }: CaptureInterface): number | null {
  return stated === null || counted === null ? (stated ?? counted) : Math.max(stated, counted);
}

/** Reads an interface description block whose body is `[start, end)`; comments in it go to `comments`. */
export function parseInterface(
  bytes: Uint8Array,
  start: number,
  end: number,
  littleEndian: boolean,
  comments: (text: string) => void,
): CaptureInterface {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let { units, offset } = MICROSECONDS;
  let name = '';
  for (const { code, value } of readOptions(bytes, start + INTERFACE_BODY_LEN, end, littleEndian)) {
    if (code === OPT_COMMENT) comments(text.decode(value));
    else if (code === OPT_IF_NAME) name = text.decode(value);
    else if (code === OPT_IF_TSRESOL && value.length === 1) units = unitsOf(value[0]!);
    else if (code === OPT_IF_TSOFFSET && value.length === 8) offset = Number(integer(value, littleEndian, true));
  }
  return {
    linktype: view.getUint16(start, littleEndian),
    snaplen: view.getUint32(start + 4, littleEndian),
    name,
    resolution: { units, offset },
    stated: null,
    counted: null,
  };
}

/** What an interface lost, by a statistics block whose body is `[start, end)`: drops of the interface and of the system. */
export function parseDrops(bytes: Uint8Array, start: number, end: number, littleEndian: boolean): number | null {
  let drops: number | null = null;
  for (const { code, value } of readOptions(bytes, start + STATISTICS_BODY_LEN, end, littleEndian)) {
    if ((code === OPT_ISB_IFDROP || code === OPT_ISB_OSDROP) && value.length === 8) {
      drops = (drops ?? 0) + Number(integer(value, littleEndian, false));
    }
  }
  return drops;
}

/** The comments among the options in `[start, end)`, a line each; undefined for none. */
export function parseComment(bytes: Uint8Array, start: number, end: number, littleEndian: boolean): string | undefined {
  let comment: string | undefined;
  for (const { code, value } of readOptions(bytes, start, end, littleEndian)) {
    if (code === OPT_COMMENT) comment = `${comment === undefined ? '' : `${comment}\n`}${text.decode(value)}`;
  }
  return comment;
}

/** A snaplen as readers take it: 0 means none. */
export function effectiveSnaplen({ snaplen }: CaptureInterface): number {
  return snaplen === 0 ? DEFAULT_SNAPLEN : snaplen;
}

function integer(value: Uint8Array, littleEndian: boolean, signed: boolean): bigint {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  return signed ? view.getBigInt64(0, littleEndian) : view.getBigUint64(0, littleEndian);
}
