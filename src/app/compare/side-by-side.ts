import { foldedFields } from '../../compare/cuts/fold.js';
import type { DatagramReport } from './report.js';

/** Every field of a datagram's fragments, ours and everybody's. */
interface SideBySide {
  /** Who cut, where anything was seen. */
  readonly ways: readonly string[];
  readonly rows: readonly {
    readonly field: string;
    readonly ours: string;
    /** `same`: as ours is under the same ident. */
    readonly theirs: readonly { readonly same: boolean; readonly text: string }[];
  }[];
}

export function sideBySide({ cuts }: DatagramReport): SideBySide {
  const seen = cuts.filter(({ packets }) => packets.length > 0);
  const ours = seen.map(({ reference }) => foldedFields(reference));
  const theirs = seen.map(({ packets }) => foldedFields(packets));
  const fields = new Set([...ours, ...theirs].flatMap((one) => [...one.keys()]));
  return {
    ways: seen.map(({ way }) => way),
    rows: [...fields].map((field) => ({
      field,
      ours: ours[0]?.get(field) ?? NONE,
      theirs: theirs.map((one, i) => {
        // A message of several datagrams is held against as many of ours: what is shown is the first alone.
        const shown = ours[i]!.get(PACKETS) === ours[0]!.get(PACKETS);
        return { same: shown && one.get(field) === ours[i]!.get(field), text: one.get(field) ?? NONE };
      }),
    })),
  };
}

const NONE = '–';
const PACKETS = 'packets';
