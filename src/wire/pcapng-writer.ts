import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_FRAME_LEN,
  BLOCK_HEAD_LEN,
  BLOCK_INTERFACE,
  BLOCK_SECTION,
  BLOCK_STATISTICS,
  BYTE_ORDER_MAGIC,
  INTERFACE_BODY_LEN,
  OPT_COMMENT,
  OPT_IF_NAME,
  OPT_IF_TSRESOL,
  OPT_ISB_IFRECV,
  OPT_ISB_OSDROP,
  OPT_SHB_USERAPPL,
  optionText,
  PACKET_BODY_LEN,
  padded,
  SECTION_BODY_LEN,
  STATISTICS_BODY_LEN,
  VERSION_MAJOR,
} from './pcapng-format.js';

const OPTION_HEAD_LEN = 4;
const NANOSECONDS = 9;
const LITTLE = true;

interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/** What stands beside the octets of a frame in a capture file. */
export interface FrameFields {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly caplen: number;
  readonly len: number;
  /** For people; only pcapng keeps it. UTF-8. */
  readonly comment?: Uint8Array | undefined;
  /** Number of the interface it is from, as `interfaceOf` gives it; default 0. */
  readonly interface?: number;
}

/**
 * Writes pcapng: one little-endian section, its interfaces of one link type, times in nanoseconds, an enhanced packet block a
 * frame, and at the end what the capture of a single interface lost. `CaptureFormat` says what the methods do.
 */
export class PcapngFormat {
  readonly headLen = BLOCK_HEAD_LEN + PACKET_BODY_LEN;
  readonly linktype: number;
  readonly snaplen: number;
  /** Interface of frames that do not say where they are from. */
  readonly #own: string;
  /** Numbers of interfaces by their names. */
  readonly #interfaces = new Map<string, number>();
  #due: Uint8Array[] = [];

  constructor({ linktype, snaplen, interface: name = '' }: { linktype: number; snaplen: number; interface?: string }) {
    this.linktype = linktype;
    this.snaplen = snaplen;
    this.#own = name;
    if (name !== '') this.interfaceOf(name);
  }

  /** The first interface is that which was asked for before, or one without a name. */
  header(comments: readonly string[] = []): Uint8Array {
    const options = [...comments.map((comment) => text(OPT_COMMENT, comment)), text(OPT_SHB_USERAPPL, 'udp-ufo')];
    const section = block(BLOCK_SECTION, SECTION_BODY_LEN, options, (view, at) => {
      view.setUint32(at, BYTE_ORDER_MAGIC, LITTLE);
      view.setUint16(at + 4, VERSION_MAJOR, LITTLE);
      view.setBigInt64(at + 8, -1n, LITTLE); // length not known
    });
    if (this.#interfaces.size === 0) this.#interfaces.set('', 0);
    const [first = ''] = this.#interfaces.keys();
    return Buffer.concat([section, this.#describe(first)]);
  }

  interfaceOf(name = this.#own): number {
    const known = this.#interfaces.get(name);
    if (known !== undefined) return known;
    const number = this.#interfaces.size;
    this.#interfaces.set(name, number);
    if (number > 0) this.#due.push(this.#describe(name)); // the first stands in the header
    return number;
  }

  described(): Uint8Array {
    return Buffer.concat(this.#due.splice(0));
  }

  #describe(name: string): Uint8Array {
    const options = [
      ...(name === '' ? [] : [text(OPT_IF_NAME, name)]),
      { code: OPT_IF_TSRESOL, value: Uint8Array.of(NANOSECONDS) },
    ];
    return block(BLOCK_INTERFACE, INTERFACE_BODY_LEN, options, (view, at) => {
      view.setUint16(at, this.linktype, LITTLE);
      view.setUint32(at + 4, this.snaplen, LITTLE);
    });
  }

  recordLen({ caplen, comment }: FrameFields): number {
    const options = comment === undefined ? 0 : 2 * OPTION_HEAD_LEN + padded(comment.length);
    return BLOCK_FRAME_LEN + PACKET_BODY_LEN + padded(caplen) + options;
  }

  put(view: DataView, at: number, record: FrameFields): number {
    return this.putTail(view, this.putHead(view, at, record) + record.caplen, record);
  }

  /** What stands in front of a frame; returns where that begins. */
  putHead(view: DataView, at: number, record: FrameFields): number {
    const len = this.recordLen(record);
    view.setUint32(at, BLOCK_ENHANCED_PACKET, LITTLE);
    view.setUint32(at + 4, len, LITTLE);
    view.setUint32(at + 8, record.interface ?? 0, LITTLE);
    putTime(view, at + 12, record.seconds, record.nanoseconds);
    view.setUint32(at + 20, record.caplen, LITTLE);
    view.setUint32(at + 24, record.len, LITTLE);
    return at + this.headLen;
  }

  /** What stands behind a frame, whose end is at `at`; returns where the record ends. */
  putTail(view: DataView, at: number, record: FrameFields): number {
    let end = at;
    for (let len = record.caplen; len % 4 !== 0; len++) view.setUint8(end++, 0);
    if (record.comment !== undefined) {
      end = putOption(view, end, { code: OPT_COMMENT, value: record.comment });
      view.setUint32(end, 0); // end of options
      end += OPTION_HEAD_LEN;
    }
    view.setUint32(end, this.recordLen(record), LITTLE);
    return end + 4;
  }

  trailer({ received, lost }: { received: number; lost: number | null }): Uint8Array {
    if (lost === null || this.#interfaces.size > 1) return new Uint8Array(0); // of which each was lost nobody knows
    const options = [count(OPT_ISB_IFRECV, received + lost), count(OPT_ISB_OSDROP, lost)];
    return block(BLOCK_STATISTICS, STATISTICS_BODY_LEN, options, (view, at) => {
      const now = performance.timeOrigin + performance.now();
      putTime(view, at + 4, Math.floor(now / 1000), Math.floor((now % 1000) * 1e6));
    });
  }
}

/**
 * Nanoseconds since the epoch, the high 32 bits first: more than a double holds, so by halves of the seconds. Divisions by
 * powers of two are shifts of the exponent, where a remainder of doubles would take longer than the rest of a record.
 */
function putTime(view: DataView, at: number, seconds: number, nanoseconds: number): void {
  const upper = (seconds >>> 16) * 1e9; // of 65,536 each
  const whole = Math.floor(upper / 65_536);
  const lower = (upper - whole * 65_536) * 65_536 + (seconds & 0xffff) * 1e9 + nanoseconds;
  const carry = Math.floor(lower / 2 ** 32);
  view.setUint32(at, whole + carry, LITTLE);
  view.setUint32(at + 4, lower - carry * 2 ** 32, LITTLE);
}

function block(
  type: number,
  bodyLen: number,
  options: readonly Option[],
  fill: (view: DataView, body: number) => void,
): Uint8Array {
  const optionsLen = options.reduce((sum, { value }) => sum + OPTION_HEAD_LEN + padded(value.length), OPTION_HEAD_LEN);
  const octets = new Uint8Array(BLOCK_FRAME_LEN + bodyLen + optionsLen);
  const view = new DataView(octets.buffer);
  view.setUint32(0, type, LITTLE);
  view.setUint32(4, octets.length, LITTLE);
  fill(view, BLOCK_HEAD_LEN);
  let at = BLOCK_HEAD_LEN + bodyLen;
  for (const option of options) at = putOption(view, at, option);
  view.setUint32(octets.length - 4, octets.length, LITTLE);
  return octets;
}

function putOption(view: DataView, at: number, { code, value }: Option): number {
  view.setUint16(at, code, LITTLE);
  view.setUint16(at + 2, value.length, LITTLE);
  const end = at + OPTION_HEAD_LEN + padded(value.length);
  for (let i = 0; i < padded(value.length); i++) view.setUint8(at + OPTION_HEAD_LEN + i, value[i] ?? 0);
  return end;
}

function text(code: number, value: string): Option {
  return { code, value: optionText(value) };
}

function count(code: number, value: number): Option {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, BigInt(value), LITTLE);
  return { code, value: octets };
}
