import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rowOctets } from '../../../src/memory/gather-row.js';
import { PagePool } from '../../../src/memory/page-pool.js';
import { SegmentTable } from '../../../src/memory/segment-table.js';
import { PAGE_SIZE, UserMemory } from '../../../src/memory/user-memory.js';
import { CONTROL, detourProgram, dropProgram, liveProgram } from '../../../src/tx/xdp-live/program.js';
import { Random } from '../../fuzz/random.js';
import { BpfMachine } from './bpf-machine.js';

const [CONTROL_FD, MEMORY_FD, IFINDEX] = [7, 8, 42];
const [DROP, PASS, REDIRECT] = [1, 2, 4];
const MOST_LEN = 3500;

function bench() {
  const memory = new UserMemory({ pages: 32 });
  const pool = new PagePool(memory);
  const table = new SegmentTable(memory);
  for (let at = 0; at < memory.pages.len; at++) memory.bytes[at] = (at * 7 + (at >> 8)) & 0xff;
  const control = new Uint32Array(3);
  const program = liveProgram({
    ...{ controlFd: CONTROL_FD, memoryFd: MEMORY_FD, memoryLen: memory.bytes.length },
    ...{ table: memory.table.offset, ifindex: IFINDEX },
  });
  const maps = new Map([
    [CONTROL_FD, new Uint8Array(control.buffer)],
    [MEMORY_FD, memory.bytes],
  ]);
  return { memory, pool, table, control, machine: new BpfMachine(program, maps, MOST_LEN) };
}

describe('the program that makes live frames', () => {
  it('makes each row its frame, one after the other, whatever it is made of', () => {
    for (let execution = 0; execution < 40; execution++) {
      const random = new Random(3, execution);
      const { memory, pool, table, control, machine } = bench();
      const run = pool.allocRun(32);
      for (let rows = 1 + random.below(6); rows > 0; rows--) {
        const headLen = random.once(6) ? 0 : 14 + random.below(60);
        const network = table.pushRow(0, headLen, headLen === 0 ? 0 : 14);
        for (let i = 0; i < headLen; i++) memory.bytes[network - 14 + i] = random.below(256);
        const most = random.once(4) ? 18 : 4;
        for (let pieces = (headLen === 0 ? 1 : 0) + random.below(most); pieces > 0; pieces--) {
          table.pushPiece(
            run + random.below(31),
            random.below(PAGE_SIZE),
            random.once(10) ? 1 : 14 + random.below(100),
          );
        }
      }
      control[CONTROL.pass] = execution % 2;
      for (let row = 0; row < table.rows; row++) {
        const want = rowOctets(table, pool, row);
        if (want.length < 14) continue;
        control[CONTROL.next] = row;
        const { verdict, frame, redirectedTo } = machine.run(new Uint8Array(random.once(2) ? want.length : 60));
        assert.deepEqual([verdict, redirectedTo], execution % 2 === 0 ? [REDIRECT, IFINDEX] : [PASS, null]);
        assert.deepEqual(frame, want, `row ${row} of execution ${execution}`);
        assert.deepEqual([control[CONTROL.next], control[CONTROL.refused]], [row + 1, 0]);
      }
    }
  });

  it('refuses, and counts, what makes no sense, and touches nothing outside', () => {
    const { memory, pool, table, control, machine } = bench();
    const foreign = pool.adoptForeign(new Uint8Array(100));
    const page = pool.allocPage();
    const row = (headLen: number, ...pieces: readonly [number, number, number][]): void => {
      table.pushRow(0, headLen, 0);
      for (const piece of pieces) table.pushPiece(...piece);
    };
    row(20, [page, 0, 100]);
    row(20, [foreign, 0, 100]); // not in the memory
    row(20, [page, 0, 4000]); // longer than the frame can become
    row(20, [page, 0, 100]);
    table.frameLen[3] = PAGE_SIZE; // longer than a page
    row(20, [page, 0, 100]);
    table.headLen[4] = PAGE_SIZE;
    row(20, [page, 0, 100]);
    table.headOffset[5] = memory.bytes.length - PAGE_SIZE + 1;
    row(20, [page, 0, 100]);
    table.pieceLen[table.pieces - 1] = PAGE_SIZE;
    row(20, [page, 0, 100]);
    table.firstPiece[7] = 1 << 20;
    row(20, [page, 0, 100]);
    table.frameLen[8] = 300; // more than its pieces have
    const verdicts = Array.from({ length: 9 }, (_, i) => {
      control[CONTROL.next] = i;
      return machine.run(new Uint8Array(120)).verdict;
    });
    assert.deepEqual(verdicts, [REDIRECT, DROP, DROP, DROP, DROP, DROP, DROP, DROP, DROP]);
    assert.equal(control[CONTROL.refused], 8);
    control[CONTROL.next] = 0x7fff_ffff;
    assert.equal(machine.run(new Uint8Array(120)).verdict, DROP);
    assert.equal(control[CONTROL.refused], 9);
  });
});

describe('the other programs', () => {
  it('send everything elsewhere, or drop it', () => {
    const detour = new BpfMachine(detourProgram(9), new Map(), MOST_LEN).run(new Uint8Array(60));
    assert.deepEqual([detour.verdict, detour.redirectedTo, detour.frame.length], [REDIRECT, 9, 60]);
    const drop = new BpfMachine(dropProgram(), new Map(), MOST_LEN).run(new Uint8Array(60));
    assert.deepEqual([drop.verdict, drop.redirectedTo], [DROP, null]);
  });
});
