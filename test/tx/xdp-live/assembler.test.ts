import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Assembler } from '../../../src/tx/xdp-live/assembler.js';

const hex = (a: Assembler): string[] => (Buffer.from(a.bytes()).toString('hex').match(/.{16}/g) ?? []) as string[];

describe('BPF assembler', () => {
  it('encodes as RFC 9669 section 3 draws it', () => {
    const a = new Assembler();
    a.move(6, 1);
    a.set(2, -1);
    a.load(4, 6, 4);
    a.store(7, 8, 2);
    a.addValue(1, 0x1234);
    a.call(190);
    a.exit();
    assert.deepEqual(hex(a), [
      'bf16000000000000',
      'b7020000ffffffff',
      '6164040000000000',
      '6327080000000000',
      '0701000034120000',
      '85000000be000000',
      '9500000000000000',
    ]);
  });

  it('takes two instructions for an address in a map', () => {
    const a = new Assembler();
    a.mapValue(3, 7, 0x11223344);
    assert.deepEqual(hex(a), ['1823000007000000', '0000000044332211']);
  });

  it('jumps over what lies between, forwards', () => {
    const a = new Assembler();
    const label = a.label();
    a.jumpIfZero(1, label);
    a.jumpIfAbove(2, 9, label);
    a.exitWith(1);
    a.here(label);
    a.exitWith(2);
    assert.deepEqual(hex(a).slice(0, 2), ['1501030000000000', '2502020009000000']);
  });

  it('refuses an offset that an instruction has no room for', () => {
    assert.throws(() => new Assembler().load(1, 2, 32_768), /32768/);
  });
});
