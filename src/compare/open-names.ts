/** Things that are waited for, each by several names; several may have one name, and the first told is the first found. */
export class OpenNames<T> {
  readonly #byName = new Map<string, T | T[]>();

  add(name: string, thing: T): void {
    const known = this.#byName.get(name);
    if (known === undefined) this.#byName.set(name, thing);
    else if (Array.isArray(known)) known.push(thing);
    else this.#byName.set(name, [known, thing]);
  }

  /** The first of that name which is wanted. */
  find(name: string, wanted: (thing: T) => boolean): T | undefined {
    const known = this.#byName.get(name);
    if (known === undefined) return undefined;
    if (Array.isArray(known)) return known.find(wanted);
    return wanted(known) ? known : undefined;
  }

  /** The one of that name which is wanted; undefined where there are several. */
  findOnly(name: string, wanted: (thing: T) => boolean): T | undefined {
    const known = this.#byName.get(name);
    if (!Array.isArray(known)) return this.find(name, wanted);
    const found = known.filter(wanted);
    return found.length === 1 ? found[0] : undefined;
  }

  delete(name: string, thing: T): void {
    const known = this.#byName.get(name);
    if (known === thing) this.#byName.delete(name);
    if (!Array.isArray(known)) return;
    const at = known.indexOf(thing);
    if (at >= 0) known.splice(at, 1);
    if (known.length === 0) this.#byName.delete(name);
  }
}
