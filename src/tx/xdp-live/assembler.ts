// BPF operation codes (<linux/bpf_common.h>, <linux/bpf.h>; RFC 9669 section 4): class, source and operation in one.
const LD_IMM64 = 0x18;
const LDX_W = 0x61;
const STX_W = 0x63;
const ADD64_K = 0x07;
const ADD64_X = 0x0f;
const SUB64_X = 0x1f;
const LSH64_K = 0x67;
const MOV64_K = 0xb7;
const MOV64_X = 0xbf;
const JEQ_K = 0x15;
const JGT_K = 0x25;
const JNE_K = 0x55;
const JGE_X = 0x3d;
const CALL = 0x85;
const EXIT = 0x95;
const PSEUDO_MAP_VALUE = 2;

const INSTRUCTION_LEN = 8;

/** Registers: r0 is what a helper or the program returns, r1 … r5 arguments, r6 … r9 outlive calls. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** A place that jumps lead to, named before it is known. */
export interface Label {
  at: number | null;
}

interface Instruction {
  readonly code: number;
  readonly to: number;
  readonly from: number;
  readonly offset: number;
  readonly value: number;
  readonly jump: Label | null;
}

/**
 * A BPF program, instruction by instruction (RFC 9669 section 3):
 *
 *      0        8    12   16              32                              64
 *     +--------+----+----+---------------+-------------------------------+
 *     | opcode |dst |src | offset        | immediate                     |
 *     +--------+----+----+---------------+-------------------------------+
 */
export class Assembler {
  readonly #instructions: Instruction[] = [];

  /** The address of octet `offset` of an array map's only value. */
  mapValue(to: Register, mapFd: number, offset: number): void {
    this.#push(LD_IMM64, to, PSEUDO_MAP_VALUE, 0, mapFd);
    this.#push(0, 0, 0, 0, offset);
  }

  move(to: Register, from: Register): void {
    this.#push(MOV64_X, to, from, 0, 0);
  }

  set(to: Register, value: number): void {
    this.#push(MOV64_K, to, 0, 0, value);
  }

  /** Loads the 32 bits at `from + offset`. */
  load(to: Register, from: Register, offset: number): void {
    this.#push(LDX_W, to, from, offset, 0);
  }

  /** Stores 32 bits at `to + offset`. */
  store(to: Register, offset: number, from: Register): void {
    this.#push(STX_W, to, from, offset, 0);
  }

  add(to: Register, from: Register): void {
    this.#push(ADD64_X, to, from, 0, 0);
  }

  addValue(to: Register, value: number): void {
    this.#push(ADD64_K, to, 0, 0, value);
  }

  subtract(to: Register, from: Register): void {
    this.#push(SUB64_X, to, from, 0, 0);
  }

  shiftLeft(to: Register, bits: number): void {
    this.#push(LSH64_K, to, 0, 0, bits);
  }

  jumpIfZero(register: Register, label: Label): void {
    this.#push(JEQ_K, register, 0, 0, 0, label);
  }

  jumpIfNotZero(register: Register, label: Label): void {
    this.#push(JNE_K, register, 0, 0, 0, label);
  }

  /** Unsigned. */
  jumpIfAbove(register: Register, value: number, label: Label): void {
    this.#push(JGT_K, register, 0, 0, value, label);
  }

  /** Unsigned. */
  jumpIfReached(register: Register, other: Register, label: Label): void {
    this.#push(JGE_X, register, other, 0, 0, label);
  }

  /** Calls a kernel helper; it leaves r1 … r5 undefined. */
  call(helper: number): void {
    this.#push(CALL, 0, 0, 0, helper);
  }

  exit(): void {
    this.#push(EXIT, 0, 0, 0, 0);
  }

  exitWith(value: number): void {
    this.set(0, value);
    this.exit();
  }

  label(): Label {
    return { at: null };
  }

  /** The next instruction is where jumps to `label` lead. */
  here(label: Label): void {
    label.at = this.#instructions.length;
  }

  bytes(): Uint8Array {
    const view = new DataView(new ArrayBuffer(this.#instructions.length * INSTRUCTION_LEN));
    this.#instructions.forEach(({ code, to, from, offset, value, jump }, index) => {
      const at = index * INSTRUCTION_LEN;
      view.setUint8(at, code);
      view.setUint8(at + 1, to | (from << 4));
      view.setInt16(at + 2, jump === null ? offset : (jump.at ?? 0) - index - 1, true);
      view.setInt32(at + 4, value, true);
    });
    return new Uint8Array(view.buffer);
  }

  #push(code: number, to: number, from: number, offset: number, value: number, jump: Label | null = null): void {
    if (offset !== (offset << 16) >> 16) throw new RangeError(`an instruction has no room for the offset ${offset}`);
    this.#instructions.push({ code, to, from, offset, value, jump });
  }
}
