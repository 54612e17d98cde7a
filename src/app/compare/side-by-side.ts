import { foldedFields } from '../../compare/cuts/fold.js';
import type { DatagramReport } from './report.js';

/** Every field of a datagram's fragments, ours and everybody's. */
interface SideBySide {
  /** Who cut, where anything was seen. */
  readonly ways: readonly string[];
  readonly rows: readonly {
    readonly field: string;
    readonly ours: string;
    /**
     * `same`: as ours is. Each is held against a cut of ours under its own ident, a message of several datagrams against as
     * many: what ours has otherwise there is told by `own`.
     */
    readonly theirs: readonly { readonly same: boolean; readonly text: string; readonly own: string | null }[];
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
        const [shown, own, text] = [ours[0], ours[i], one].map((each) => each!.get(field) ?? NONE);
        return { same: text === own, text: text!, own: own === shown ? null : own! };
      }),
    })),
  };
}

/** `=` is as ours is that is shown; one that was held against another one of ours says so: `= 17`, `4 (ours 18)`. */
export function theirText({ same, text, own }: SideBySide['rows'][number]['theirs'][number]): string {
  if (own === null) return same ? '=' : text;
  return same ? `= ${text}` : `${text} (ours ${own})`;
}

const NONE = '–';
