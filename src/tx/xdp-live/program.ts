import { COLUMNS, MAX_ROW_PIECES, PIECES, ROWS } from '../../memory/segment-kernel.js';
import { PAGE_SIZE } from '../../memory/user-memory.js';
import { Assembler, type Label } from './assembler.js';

// Helpers (<linux/bpf.h>) and verdicts
const BPF_REDIRECT = 23;
const BPF_XDP_ADJUST_TAIL = 65;
const BPF_XDP_STORE_BYTES = 190;
const XDP_DROP = 1;
const XDP_PASS = 2;

/** No piece of a frame that fits a page is longer; what the verifier must see before it lets octets be copied. */
const MAX_COPY = PAGE_SIZE - 1;

/** What the program shares with us: words of a map of its own. */
export const CONTROL = {
  /** The row that the next frame is made of. */
  next: 0,
  /** Frames that could not be made, because a row makes no sense. */
  refused: 1,
  /** 1: frames are passed on as received by the interface that they are run on; 0: redirected. */
  pass: 2,
} as const;

/** Where the program finds what it sends. */
export interface LiveProgram {
  /** Map of `CONTROL`. */
  readonly controlFd: number;
  /** Map that is the memory, its octets, and where the segment table begins. */
  readonly memoryFd: number;
  readonly memoryLen: number;
  readonly table: number;
  /** Where frames are redirected to. */
  readonly ifindex: number;
}

/**
 * Makes a frame of the next row of the segment table: grows or shrinks the frame it was given, copies the header and the
 * pieces into it from the memory, and lets it go.
 *
 * Registers: r6 the frame (`xdp_md`), r7 octets of the whole frame, r8 the row, later its piece, r9 octets written.
 */
export function liveProgram(from: LiveProgram): Uint8Array {
  const a = new Assembler();
  const refused = a.label();
  const done = a.label();
  takeRow(a, from, refused);
  fitFrame(a, refused);
  copyHeader(a, from, refused);
  findPieces(a, from, refused);
  for (let piece = 0; piece < MAX_ROW_PIECES; piece++) copyPiece(a, from, piece, done, refused);
  a.jumpIfReached(9, 7, done);
  a.here(refused);
  a.mapValue(1, from.controlFd, 0);
  a.load(2, 1, CONTROL.refused * 4);
  a.addValue(2, 1);
  a.store(1, CONTROL.refused * 4, 2);
  a.exitWith(XDP_DROP);
  a.here(done);
  letGo(a, from);
  return a.bytes();
}

/** For the ingress of a private interface (tcx): whatever comes in there goes out of `ifindex`. */
export function detourProgram(ifindex: number): Uint8Array {
  const a = new Assembler();
  redirect(a, ifindex);
  return a.bytes();
}

/** Does no harm: whether programs may be loaded at all. */
export function dropProgram(): Uint8Array {
  const a = new Assembler();
  a.exitWith(XDP_DROP);
  return a.bytes();
}

function letGo(a: Assembler, { controlFd, ifindex }: LiveProgram): void {
  const redirected = a.label();
  a.mapValue(1, controlFd, 0);
  a.load(2, 1, CONTROL.pass * 4);
  a.jumpIfZero(2, redirected);
  a.exitWith(XDP_PASS);
  a.here(redirected);
  redirect(a, ifindex);
}

function redirect(a: Assembler, ifindex: number): void {
  a.set(1, ifindex);
  a.set(2, 0);
  a.call(BPF_REDIRECT);
  a.exit(); // what the helper returns is the verdict
}

function takeRow(a: Assembler, { controlFd, memoryFd, table }: LiveProgram, refused: Label): void {
  a.move(6, 1);
  a.mapValue(7, controlFd, 0);
  a.load(1, 7, CONTROL.next * 4);
  a.move(2, 1);
  a.addValue(2, 1);
  a.store(7, CONTROL.next * 4, 2);
  a.jumpIfAbove(1, ROWS - 1, refused);
  a.shiftLeft(1, 2);
  a.mapValue(8, memoryFd, table);
  a.add(8, 1);
}

/** The frame comes as long as the first row of the run; most rows are as long. */
function fitFrame(a: Assembler, refused: Label): void {
  const fits = a.label();
  a.load(7, 8, COLUMNS.frameLen);
  a.jumpIfAbove(7, MAX_COPY, refused);
  a.load(3, 6, 0); // xdp_md.data
  a.load(4, 6, 4); // xdp_md.data_end
  a.subtract(4, 3);
  a.move(2, 7);
  a.subtract(2, 4);
  a.jumpIfZero(2, fits);
  a.move(1, 6);
  a.call(BPF_XDP_ADJUST_TAIL);
  a.jumpIfNotZero(0, refused);
  a.here(fits);
}

function copyHeader(a: Assembler, { memoryFd, memoryLen }: LiveProgram, refused: Label): void {
  const none = a.label();
  a.load(9, 8, COLUMNS.headLen);
  a.jumpIfZero(9, none);
  a.jumpIfAbove(9, MAX_COPY, refused);
  a.load(5, 8, COLUMNS.headOffset);
  a.jumpIfAbove(5, memoryLen - PAGE_SIZE, refused);
  a.mapValue(3, memoryFd, 0);
  a.add(3, 5);
  a.move(1, 6);
  a.set(2, 0);
  a.move(4, 9);
  a.call(BPF_XDP_STORE_BYTES);
  a.jumpIfNotZero(0, refused);
  a.here(none);
}

/** r8 lies in the middle of the three columns of pieces: an instruction reaches 32 KiB to either side. */
function findPieces(a: Assembler, { memoryFd, table }: LiveProgram, refused: Label): void {
  a.load(1, 8, COLUMNS.firstPiece);
  a.jumpIfAbove(1, PIECES - 1, refused);
  a.shiftLeft(1, 2);
  a.mapValue(8, memoryFd, table + COLUMNS.pieceOffset);
  a.add(8, 1);
}

/** A page number counts in the pool's pages, which begin the memory; foreign ones are beyond it. */
function copyPiece(a: Assembler, from: LiveProgram, piece: number, done: Label, refused: Label): void {
  const { memoryFd, memoryLen } = from;
  const at = piece * 4;
  const empty = a.label();
  a.jumpIfReached(9, 7, done);
  a.load(4, 8, COLUMNS.pieceLen - COLUMNS.pieceOffset + at);
  a.jumpIfAbove(4, MAX_COPY, refused);
  a.jumpIfZero(4, empty);
  a.load(5, 8, COLUMNS.piecePage - COLUMNS.pieceOffset + at);
  a.shiftLeft(5, Math.log2(PAGE_SIZE));
  a.load(3, 8, at);
  a.add(5, 3);
  a.jumpIfAbove(5, memoryLen - PAGE_SIZE, refused);
  a.mapValue(3, memoryFd, 0);
  a.add(3, 5);
  a.move(1, 6);
  a.move(2, 9);
  a.add(9, 4);
  a.call(BPF_XDP_STORE_BYTES);
  a.jumpIfNotZero(0, refused);
  a.here(empty);
}
