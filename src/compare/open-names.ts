/** One of those that have a name, between its neighbours. */
interface Link<T> {
  readonly thing: T;
  before: Link<T> | undefined;
  behind: Link<T> | undefined;
}

/**
 * Those that have one name, in the order in which they were told. A Set would do, but that it remembers for long where those were
 * that are taken out, and looks at all these places each time it is asked for the first.
 */
class Chain<T> {
  readonly #links = new Map<T, Link<T>>();
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;

  get size(): number {
    return this.#links.size;
  }

  add(thing: T): void {
    if (this.#links.has(thing)) return;
    const link: Link<T> = { thing, before: this.#last, behind: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.behind = link;
    this.#last = link;
    this.#links.set(thing, link);
  }

  delete(thing: T): void {
    const link = this.#links.get(thing);
    if (link === undefined) return;
    const { before, behind } = link;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    this.#links.delete(thing);
  }

  *[Symbol.iterator](): Generator<T> {
    for (let link = this.#first; link !== undefined; link = link.behind) yield link.thing;
  }
}

/** Things that are waited for, each by several names; several may have one name, and the first told is the first found. */
export class OpenNames<T> {
  /** A chain where several have the name: what is taken out of it costs the same wherever it stands. */
  readonly #byName = new Map<string, T | Chain<T>>();

  add(name: string, thing: T): void {
    const known = this.#byName.get(name);
    if (known === undefined) this.#byName.set(name, thing);
    else if (known instanceof Chain) known.add(thing);
    else if (known !== thing) {
      const chain = new Chain<T>();
      chain.add(known);
      chain.add(thing);
      this.#byName.set(name, chain);
    }
  }

  /** The first of that name which is wanted. */
  find(name: string, wanted: (thing: T) => boolean): T | undefined {
    const known = this.#byName.get(name);
    if (known === undefined) return undefined;
    if (!(known instanceof Chain)) return wanted(known) ? known : undefined;
    for (const thing of known) if (wanted(thing)) return thing;
    return undefined;
  }

  /** The one of that name which is wanted; undefined where there are several. */
  findOnly(name: string, wanted: (thing: T) => boolean): T | undefined {
    const known = this.#byName.get(name);
    if (!(known instanceof Chain)) return this.find(name, wanted);
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
    if (!(known instanceof Chain)) return;
    known.delete(thing);
    if (known.size === 0) this.#byName.delete(name);
  }
}
