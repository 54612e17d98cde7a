import type { LibraryHandle } from 'koffi';

/** A native function as koffi binds it: called at once, or in the thread pool. */
export type NativeCall = ((...words: unknown[]) => unknown) & {
  readonly async: (...words: unknown[]) => void;
};

/** Gives what is to be called instead of a native function. */
export type Interposer = (name: string, call: NativeCall) => NativeCall;

let interposer: Interposer | undefined;

/**
 * Puts something in front of every native function that is bound from now on: for tests, in which system calls fail. Costs
 * nothing where nobody asks for it.
 */
export function interposeNativeCalls(by: Interposer): void {
  interposer = by;
}

/** Binds functions of a library by their C shapes: the one place where native code becomes something to call. */
export function bindNativeCalls<K extends string>(
  library: LibraryHandle,
  signatures: Readonly<Record<K, string>>,
): Record<K, NativeCall> {
  const names = Object.keys(signatures) as K[];
  return Object.fromEntries(
    names.map((name) => {
      const call = library.func(signatures[name]) as unknown as NativeCall;
      return [name, interposer === undefined ? call : interposer(name, call)];
    }),
  ) as Record<K, NativeCall>;
}
