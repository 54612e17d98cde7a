/** What may stand between a link's header and IP. */
const LINK_KINDS = ['vlan', 'mpls', 'pppoe', 'snap', '802.1ah'] as const;
/** Packets that carry packets. */
const TUNNEL_KINDS = ['4in4', '6in4', '4in6', '6in6', 'gre', 'nvgre', 'vxlan', 'geneve'] as const;
/** What may lie between the frame's own header and an IP header. */
export type LayerKind = (typeof LINK_KINDS)[number] | (typeof TUNNEL_KINDS)[number];

const KINDS: readonly LayerKind[] = [...LINK_KINDS, ...TUNNEL_KINDS];
/** Headers that one frame may have before its innermost IP header; a frame of 64 KiB could hold thousands. */
const MOST = 32;
/** Differs from run to run, so that nobody can prepare two tunnels that look like one. */
const seed = Math.floor(Math.random() * 0x1_0000_0000) | 0;

/**
 * The tags, labels and tunnels that a packet came in, from the outermost. Each network of its own has a key of its own: equal
 * addresses and ids in two of them have nothing to do with each other. One object is filled again and again.
 */
export class Layers {
  /** 32 bits that tell one chain from another; 0 for none. */
  key = 0;
  readonly #kinds: LayerKind[] = [];
  readonly #values: number[] = [];
  /** The layers of a reassembled packet, which has none but those of its fragments. */
  #before = '';
  #depth = 0;

  clear(): void {
    if (this.#depth === 0) return;
    this.restore(0, '', 0);
  }

  /** Begins with the layers of a packet that was put together from fragments. */
  restore(key: number, text: string, depth: number): void {
    this.#kinds.length = 0;
    this.#values.length = 0;
    this.key = key;
    this.#before = text;
    this.#depth = depth;
  }

  get depth(): number {
    return this.#depth;
  }

  /** Adds a layer; −1 for one that has no number. False where there are too many. */
  push(kind: LayerKind, value: number): boolean {
    if (this.#depth >= MOST) return false;
    this.#depth++;
    this.#kinds.push(kind);
    this.#values.push(value);
    this.mix(KINDS.indexOf(kind));
    this.mix(value);
    return true;
  }

  /** Something else that the last layer is told from others by: the ends of a tunnel. */
  mix(value: number): void {
    let h = this.key === 0 ? seed : this.key;
    h = Math.imul(h ^ value, 0x9e3779b1);
    h ^= h >>> 15;
    h = Math.imul(h, 0x85ebca77);
    this.key = h ^ (h >>> 13) || 1;
  }

  /** What the innermost tunnel is; undefined where the packet came in none. */
  get tunnel(): LayerKind | undefined {
    return this.#kinds.findLast((kind) => KINDS.indexOf(kind) >= LINK_KINDS.length);
  }

  /** `vlan 100.200 > vxlan 42`; empty for none. */
  text(): string {
    let text = this.#before;
    for (const [i, kind] of this.#kinds.entries()) {
      const value = this.#values[i]!;
      if (i > 0 && kind === this.#kinds[i - 1] && value >= 0) text += `.${value}`;
      else text += `${text === '' ? '' : ' > '}${kind}${value < 0 ? '' : ` ${value}`}`;
    }
    return text;
  }
}
