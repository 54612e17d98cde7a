import type { Group } from './group.js';

/** Groups in the order they were added, linked through themselves: adding, removing and the oldest cost the same always. */
export class GroupList {
  #oldest: Group | undefined;
  #newest: Group | undefined;
  size = 0;

  get oldest(): Group | undefined {
    return this.#oldest;
  }

  add(group: Group): void {
    group.older = this.#newest;
    group.newer = undefined;
    if (this.#newest) this.#newest.newer = group;
    else this.#oldest = group;
    this.#newest = group;
    this.size++;
  }

  /** `group` must be in the list. */
  remove(group: Group): void {
    if (group.older) group.older.newer = group.newer;
    else this.#oldest = group.newer;
    if (group.newer) group.newer.older = group.older;
    else this.#newest = group.older;
    group.older = undefined;
    group.newer = undefined;
    this.size--;
  }
}
