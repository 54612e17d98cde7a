/** How many are asked at a time: each may be a process. */
const AT_ONCE = 8;

/** What `ask` gives for each, in their order; a few are asked side by side. */
export async function eachOf<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<R[]> {
  const found: R[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    found.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(ask))));
  }
  return found;
}
