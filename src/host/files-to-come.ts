/** The folders of files that are opened, and get their names later: by whoever writes them. */
const folders = new Map<object, string>();
let none: (() => void) | undefined;

/** Files are still to be made or named in that folder, until `hasName` is told of the same `file`. */
export function willHaveName(file: object, folder: string): void {
  folders.set(file, folder);
}

/** It has its name, or will never get one. */
export function hasName(file: object): void {
  if (!folders.delete(file) || folders.size > 0) return;
  none?.();
  none = undefined;
}

/** Where there are any now; `noMore` is called once there are not. */
export function foldersOfFilesToCome(noMore: () => void): readonly string[] {
  none = noMore;
  return [...new Set(folders.values())];
}
