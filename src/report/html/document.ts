import type { DatagramVerdict } from '../../verify/verdict.js';

/** What a page is made of; every command that writes one fills this and knows no HTML. */
export interface ReportDocument {
  /** `udp-ufo verify`. */
  readonly title: string;
  /** What it came to, in one line. */
  readonly outcome: Outcome;
  /** The command line as it can be run again. */
  readonly command: string;
  /** When it began. */
  readonly at: Date;
  /** Kernel, Node, interface and whatever else tells where it was run; shown in this order. */
  readonly circumstances: readonly (readonly [name: string, value: string])[];
  readonly sections: readonly Section[];
}

export interface Outcome {
  readonly verdict: Mark;
  readonly text: string;
}

/** How something went; shown by a sign and a word, never by colour alone. */
export type Mark = 'good' | 'bad' | 'unsure' | 'plain';

export type Section = DatagramsSection | TableSection | MatrixSection | BarsSection | NotesSection;

/** Datagrams, each with its fragments over the octets and over time, and what is wrong with it. */
export interface DatagramsSection {
  readonly kind: 'datagrams';
  readonly title: string;
  readonly datagrams: readonly DatagramVerdict[];
  /** Which of how many are shown, where not all are. */
  readonly sampled: string | null;
}

/** Rows that can be sorted, filtered and searched. */
export interface TableSection {
  readonly kind: 'table';
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly mark: Mark;
  readonly cells: readonly (string | number)[];
  /** Shown when the row is opened. */
  readonly details?: readonly string[];
}

/** One cell for each pair: relation × order of a receiver's policy, size × kind of a path. */
export interface MatrixSection {
  readonly kind: 'matrix';
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly MatrixCell[] }[];
}

export interface MatrixCell {
  readonly mark: Mark;
  readonly text: string;
}

/** Figures side by side. */
export interface BarsSection {
  readonly kind: 'bars';
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly { readonly name: string; readonly value: number; readonly text: string }[];
}

export interface NotesSection {
  readonly kind: 'notes';
  readonly title: string;
  readonly lines: readonly string[];
}
