/** Things that are waited for, each by several names; several may have one name, and the first told is the first found. */
export class OpenNames<T> {
  /** A set where several have the name: what is taken out of it costs the same wherever it stands. */
  readonly #byName = new Map<string, T | Set<T>>();

  add(name: string, thing: T): void {
    const known = this.#byName.get(name);
    if (known === undefined) this.#byName.set(name, thing);
    else if (known instanceof Set) known.add(thing);
    else this.#byName.set(name, new Set([known, thing]));
  }

  /** The first of that name which is wanted. */
  find(name: string, wanted: (thing: T) => boolean): T | undefined {
    const known = this.#byName.get(name);
    if (known === undefined) return undefined;
    if (!(known instanceof Set)) return wanted(known) ? known : undefined;
    for (const thing of known) if (wanted(thing)) return thing;
    return undefined;
  }

  /** The one of that name which is wanted; undefined where there are several. */
  findOnly(name: string, wanted: (thing: T) => boolean): T | undefined {
    const known = this.#byName.get(name);
    if (!(known instanceof Set)) return this.find(name, wanted);
    let only: T | undefined;
    for (const thing of known) {
      if (!wanted(thing)) continue;
      if (only !== undefined) return undefined;
      only = thing;
    }
    return only;
  }

  delete(name: string, thing: T): void {
    const known = this.#byName.get(name);
    if (known === thing) this.#byName.delete(name);
    if (!(known instanceof Set)) return;
    known.delete(thing);
    if (known.size === 0) this.#byName.delete(name);
  }
}
