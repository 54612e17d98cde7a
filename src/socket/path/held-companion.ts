import type { Companion } from '../../companion/companion.js';
import type { Sender } from '../sender.js';
import { sends } from './choose-driver.js';

/** A socket's companion: opened on first use, and remembered whether it is to keep the process alive. */
export class HeldCompanion {
  readonly #make: () => Promise<Companion | null>;
  #opening: Promise<Companion | null> | null = null;
  #referenced = true;

  /** @param make null where the driver has no companion */
  constructor(make: () => Promise<Companion | null>) {
    this.#make = make;
  }

  get opened(): boolean {
    return this.#opening !== null;
  }

  open(): Promise<Companion | null> {
    if (this.#opening === null) {
      const opening = this.#make();
      this.#opening = opening;
      opening.catch(() => {
        this.#opening = null; // a port in use today may be free tomorrow
      });
      this.#apply();
    }
    return this.#opening;
  }

  setReferenced(referenced: boolean): void {
    this.#referenced = referenced;
    this.#apply();
  }

  async close(): Promise<void> {
    const companion = await this.#opening?.catch(() => null);
    await companion?.close();
  }

  #apply(): void {
    this.#opening?.then(
      (companion) => (this.#referenced ? companion?.ref() : companion?.unref()),
      () => {}, // who opened it is told
    );
  }
}

/** A companion bound to the local end of a sender; null for a driver that has no network. */
export async function companionOf({ options, family, paths }: Sender): Promise<Companion | null> {
  if (!sends(options)) return null;
  const { openCompanion } = await import('../../companion/companion.js');
  const { address, port } = paths.local;
  const { interface: interfaceName } = options;
  return openCompanion({
    ...{ family, port },
    ...(address === null ? {} : { address }),
    ...(interfaceName === undefined ? {} : { interfaceName }),
  });
}
