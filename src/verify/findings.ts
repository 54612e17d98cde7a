import type { Code } from './codes.js';

/** What is wrong with a datagram, or odd. */
export interface Finding {
  readonly code: Code;
  readonly level: 'mismatch' | 'note';
  /** Fragment it shows in, by the order of arrival, from 1; null where it is the datagram's. */
  readonly fragment: number | null;
  /** As in `mismatches` and `notes`. */
  readonly text: string;
  /** The octets that it is about, in hex, what they are, and which of them, `[start, end)`; where there are such. */
  readonly of?: string;
  readonly octets?: string;
  readonly mark?: readonly [number, number];
}

/** What a finding shows of the packet. */
export type Evidence = Pick<Finding, 'of' | 'octets' | 'mark'>;

/** A datagram of 8,192 fragments can be wrong 8,192 times; a reader needs the first few. */
const MOST = 64;
/** As many of each level, where very many datagrams are wrong at a time. */
const FEW = 4;
/** Characters of one text, and octets of evidence or in a text: headers can have thousands. */
const MOST_TEXT = 400;
const MOST_EVIDENCE = 80;
const MOST_HEX = 32;
/** Octets that the findings of one datagram may take, those of each level. */
const MOST_OCTETS = 36_864;
/** What a finding takes beside its text and octets: measured, with the pieces that the text was put together of. */
const FINDING_COST = 480;

/** Octets that a finding takes, about; its text is not of Latin letters only. */
export function findingOctets({ text, octets = '' }: Finding): number {
  return FINDING_COST + 2 * text.length + octets.length;
}

/** The findings of one datagram, bounded. */
export class Findings {
  readonly list: Finding[] = [];
  mismatches = 0;
  notes = 0;
  /** Octets that they take, about. */
  octets = 0;
  /** What is wrong, whether it was kept or left out; undefined where nothing is. */
  codes: Set<Code> | undefined;
  #most = MOST;
  readonly #full = { mismatch: false, note: false };
  readonly #taken = { mismatch: 0, note: 0 };

  /** Whether one more of that level would be kept. */
  keeps(level: Finding['level']): boolean {
    return !this.#full[level];
  }

  /** From now on no more than a few are kept. */
  keepFew(): void {
    this.#most = FEW;
  }

  add(level: Finding['level'], code: Code, fragment: number | null, text: string, evidence?: Evidence): void {
    const count = level === 'mismatch' ? ++this.mismatches : ++this.notes;
    if (level === 'mismatch') this.#addCode(code);
    if (this.#full[level]) return;
    if (count > this.#most || this.#taken[level] > MOST_OCTETS) {
      this.#full[level] = true;
      this.#push({ code: 'left-out', level, fragment: null, text: 'more of the kind left out' });
    } else this.#push({ code, level, fragment, text: bounded(text), ...evidence });
  }

  #addCode(code: Code): void {
    this.codes ??= new Set();
    this.codes.add(code);
  }

  #push(finding: Finding): void {
    const octets = findingOctets(finding);
    this.octets += octets;
    this.#taken[finding.level] += octets;
    this.list.push(finding);
  }
}

function bounded(text: string): string {
  return text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)} ...`;
}

/** The octets `[offset, offset + len)` of the view as evidence, the marked ones by their place in it. */
export function evidence(
  of: string,
  view: DataView,
  offset: number,
  len: number,
  mark: readonly [number, number],
): Evidence {
  const shown = Math.max(0, Math.min(len, MOST_EVIDENCE));
  const octets = Buffer.from(view.buffer, view.byteOffset + offset, shown).toString('hex');
  return mark[0] < shown ? { of, octets, mark: [mark[0], Math.min(mark[1], shown)] } : { of, octets };
}

export function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

/** `none` for no octets, and not more of them than a reader takes in. */
export function hexOctets(octets: Uint8Array): string {
  const shown = Buffer.from(octets.subarray(0, MOST_HEX)).toString('hex');
  return `${shown}${octets.length > MOST_HEX ? ` ... (${octets.length} octets)` : ''}` || 'none';
}
