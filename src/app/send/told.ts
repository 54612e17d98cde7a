import type { Output } from '../common/output.js';

/** What the network said of the datagrams, by ICMP mostly. A line for each kind, however often: it can be forged. */
export class NetworkTold {
  readonly #kinds = new Map<string, { readonly first: string; times: number }>();

  add(error: Error): void {
    const kind = (error as NodeJS.ErrnoException).code ?? error.message;
    const known = this.#kinds.get(kind);
    if (known === undefined) this.#kinds.set(kind, { first: error.message, times: 1 });
    else known.times += 1;
  }

  print(output: Output): void {
    for (const { first, times } of this.#kinds.values()) {
      const again = times === 1 ? '' : `, and ${times - 1} more of that kind`;
      output.note(`told by the network: ${first}${again}`);
    }
  }
}
