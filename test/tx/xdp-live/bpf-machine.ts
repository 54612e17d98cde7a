/**
 * A machine for the BPF programs of xdp-live, from RFC 9669 and <linux/bpf.h>: the instructions that they use, array maps as
 * octets, and the three helpers that they call. Addresses are of a region, and what does not lie in one throws, as the
 * kernel's verifier would refuse it.
 */
export interface Outcome {
  readonly verdict: number;
  /** The frame as the program left it. */
  readonly frame: Uint8Array;
  readonly redirectedTo: number | null;
}

interface Pointer {
  readonly region: Uint8Array | 'context' | 'frame';
  readonly offset: number;
}
type Value = number | Pointer;

const XDP_REDIRECT = 4;
const MOST_STEPS = 10_000;
const EINVAL = -22;

export class BpfMachine {
  readonly #program: DataView;
  readonly #maps: ReadonlyMap<number, Uint8Array>;
  readonly #mostLen: number;
  #registers: Value[] = [];
  #frame = new Uint8Array(0);
  #redirectedTo: number | null = null;

  /** @param maps by descriptor; a frame grows to `mostLen` octets */
  constructor(program: Uint8Array, maps: ReadonlyMap<number, Uint8Array>, mostLen: number) {
    this.#program = new DataView(program.buffer, program.byteOffset, program.length);
    this.#maps = maps;
    this.#mostLen = mostLen;
  }

  run(frame: Uint8Array): Outcome {
    this.#registers = new Array<Value>(11).fill(Number.NaN);
    this.#registers[1] = { region: 'context', offset: 0 };
    this.#frame = frame.slice();
    this.#redirectedTo = null;
    let at = 0;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const next = this.#step(at);
      if (next === null) {
        return { verdict: this.#number(0), frame: this.#frame, redirectedTo: this.#redirectedTo };
      }
      at = next;
    }
    throw new Error('the program does not end');
  }

  /** Index of the next instruction; null after the last. */
  #step(at: number): number | null {
    const program = this.#program;
    const code = program.getUint8(at * 8);
    const [to, from] = [program.getUint8(at * 8 + 1) & 15, program.getUint8(at * 8 + 1) >> 4];
    const offset = program.getInt16(at * 8 + 2, true);
    const value = program.getInt32(at * 8 + 4, true);
    const set = (result: Value): number => {
      this.#registers[to] = result;
      return at + 1;
    };
    const jump = (taken: boolean): number => at + 1 + (taken ? offset : 0);
    switch (code) {
      case 0x18: // LD_IMM64 of a map's value
        set({ region: this.#maps.get(value)!, offset: program.getInt32(at * 8 + 12, true) });
        return at + 2;
      case 0xbf:
        return set(this.#registers[from]!);
      case 0xb7:
        return set(value);
      case 0x61:
        return set(this.#load(this.#pointer(from), offset));
      case 0x63:
        this.#view(this.#pointer(to), offset, 4).setUint32(0, this.#number(from), true);
        return at + 1;
      case 0x07:
        return set(added(this.#registers[to]!, value));
      case 0x0f:
        return set(added(this.#registers[to]!, this.#registers[from]!));
      case 0x1f:
        return set(this.#difference(this.#registers[to]!, this.#registers[from]!));
      case 0x67:
        return set(this.#number(to) * 2 ** value);
      case 0x15:
        return jump(this.#number(to) === value);
      case 0x55:
        return jump(this.#number(to) !== value);
      case 0x25:
        return jump(this.#number(to) > value);
      case 0x3d:
        return jump(this.#number(to) >= this.#number(from));
      case 0x85:
        this.#registers[0] = this.#call(value);
        this.#registers.fill(Number.NaN, 1, 6); // undefined after a call
        return at + 1;
      case 0x95:
        return null;
      default:
        throw new Error(`instruction ${at}: no such code 0x${code.toString(16)}`);
    }
  }

  #call(helper: number): number {
    switch (helper) {
      case 23: // bpf_redirect(ifindex, flags)
        if (this.#number(2) !== 0) return 1;
        this.#redirectedTo = this.#number(1);
        return XDP_REDIRECT;
      case 65: {
        // bpf_xdp_adjust_tail(context, delta)
        this.#context(1);
        const len = this.#frame.length + this.#number(2);
        if (len < 14 || len > this.#mostLen) return EINVAL;
        const frame = new Uint8Array(len);
        frame.set(this.#frame.subarray(0, len));
        this.#frame = frame;
        return 0;
      }
      case 190: {
        // bpf_xdp_store_bytes(context, offset, from, len)
        this.#context(1);
        const [offset, len] = [this.#number(2), this.#number(4)];
        const { buffer, byteOffset } = this.#view(this.#pointer(3), 0, len);
        if (len < 1 || offset + len > this.#frame.length) return EINVAL;
        this.#frame.set(new Uint8Array(buffer, byteOffset, len), offset);
        return 0;
      }
      default:
        throw new Error(`no such helper ${helper}`);
    }
  }

  #context(register: number): void {
    if (this.#pointer(register).region !== 'context') throw new Error(`r${register} is not the context`);
  }

  #load(pointer: Pointer, offset: number): Value {
    if (pointer.region !== 'context') return this.#view(pointer, offset, 4).getUint32(0, true);
    if (offset === 0) return { region: 'frame', offset: 0 };
    if (offset === 4) return { region: 'frame', offset: this.#frame.length };
    throw new Error(`xdp_md has nothing for us at ${offset}`);
  }

  #view({ region, offset }: Pointer, more: number, len: number): DataView {
    if (typeof region === 'string') throw new Error(`no octets of the ${region} are read or written directly`);
    if (offset + more < 0 || offset + more + len > region.length) throw new Error('beyond the map');
    return new DataView(region.buffer, region.byteOffset + offset + more, len);
  }

  #difference(a: Value, b: Value): number {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    if (typeof a === 'number' || typeof b === 'number' || a.region !== b.region) throw new Error('not of one region');
    return a.offset - b.offset;
  }

  #number(register: number): number {
    const value = this.#registers[register]!;
    if (typeof value !== 'number' || Number.isNaN(value)) throw new Error(`r${register} is no number`);
    return value;
  }

  #pointer(register: number): Pointer {
    const value = this.#registers[register]!;
    if (typeof value === 'number') throw new Error(`r${register} is no address`);
    return value;
  }
}

function added(a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a !== 'number' && typeof b === 'number') return { region: a.region, offset: a.offset + b };
  throw new Error('only numbers are added');
}
