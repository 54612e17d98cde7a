/** What is found by its key; one of several in a hash bucket. */
export interface Keyed {
  readonly key: Int32Array;
  hash: number;
  next: Keyed | undefined;
}
