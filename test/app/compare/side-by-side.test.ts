import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareDocument } from '../../../src/app/compare/document.js';
import type { CutReport, DatagramReport } from '../../../src/app/compare/report.js';
import { fieldsTable } from '../../../src/app/compare/text.js';
import { type CutPacket, readPacket } from '../../../src/compare/cuts/packet.js';
import { segment } from '../../../src/ufo/segment-datagram.js';
import { frameData } from '../../../src/wire/frame.js';

/** A datagram of two packets under an ident. */
function packets(ident: number): CutPacket[] {
  const ends = { source: { address: '192.0.2.1', port: 1 }, destination: { address: '192.0.2.2', port: 2 } };
  const frames = segment({ ...ends, payload: new Uint8Array(2000), ident });
  return [...frames].map((frame) => readPacket(frameData(frame))!);
}

/** A cut that was held against ours under `ident`, and came with another one. */
function cut(way: string, ident: number, got: number): CutReport {
  return { way, outcome: 'equal', held: null, why: null, reference: packets(ident), packets: packets(got) };
}

const REPORT: DatagramReport = {
  of: { family: 4, mtu: 1500, size: 2000, what: '', headers: {} },
  where: null,
  cuts: [cut('software-ufo', 17, 17), cut('kernel-ufo', 18, 18), cut('kernel-ip', 19, 4)],
};

describe('cuts side by side', () => {
  it('say what each was held against, where that is not what is shown of ours', () => {
    const row = (field: string): string[] =>
      fieldsTable(REPORT)
        .split('\n')
        .map((line) => line.split('│').map((cell) => cell.trim()))
        .find(([, name]) => name === field)!
        .slice(2, -1);
    assert.deepEqual(row('ident'), ['17', '=', '= 18', '4 (ours 19)']);
    assert.deepEqual(row('length'), ['1500, 548', '=', '=', '=']);
  });

  it('are marked by it on a page', () => {
    const outcomes = { equal: 3, explained: 0, different: 0, unsure: 0, lost: 0, refused: 0 };
    const end = {
      source: 'near0',
      absent: [],
      refused: [],
      fault: null,
      notes: [],
      captureLost: 0,
      doubled: 0,
      notCompared: {},
    };
    const { sections } = compareDocument(
      { type: 'summary', ...end, datagrams: 1, outcomes, verdict: 'good' },
      [],
      [REPORT],
    );
    const matrix = sections.find((one) => one.kind === 'matrix')!;
    assert.deepEqual(matrix.rows.find(({ name }) => name === 'ident')!.cells, [
      { mark: 'plain', text: '17' },
      { mark: 'good', text: '17' },
      { mark: 'good', text: '= 18' },
      { mark: 'bad', text: '4 (ours 19)' },
    ]);
  });
});
