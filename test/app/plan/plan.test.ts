import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { STEPS } from '../../../src/faults/catalog.js';
import { MAIN } from '../../live/cli.js';

function program(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, 'plan', ...args], { encoding: 'utf8', timeout: 20_000 });
}

function objects(stdout: string): { type: string; [key: string]: unknown }[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('udp-ufo plan', () => {
  it('lists every step with a drawing and a section', () => {
    const { status, stdout } = program('list');
    assert.equal(status, 0);
    for (const { name } of STEPS) assert.match(stdout, new RegExp(`^${name}\\b`, 'm'));
    assert.equal(stdout.match(/^ {2}receivers: .*RFC/gm)?.length, STEPS.length);
    assert.equal(objects(program('list', '--json').stdout).length, STEPS.length);
  });

  it('shows what a plan makes of a size and an MTU, and what is to be said of it', () => {
    const { status, stdout } = program('show', 'drop(2), reverse', '--size', '4000', '--family', '6', '--json');
    assert.equal(status, 0);
    const [plan, ...rest] = objects(stdout);
    assert.deepEqual(plan!['plan'], [['drop', 2], ['reverse']]);
    const packets = rest.filter(({ type }) => type === 'packet').map(({ offset, len, more }) => [offset, len, more]);
    assert.deepEqual(packets, [
      [2896, 1112, false],
      [0, 1448, true],
    ]);
    const outcome = rest.find(({ type }) => type === 'outcome')!;
    assert.equal(outcome['delivered'], 'no');
    assert.equal(outcome['verdict'], 'incomplete');
    assert.match(JSON.stringify(outcome['faults']), /RFC 8200 §4\.5/);
    assert.match(program('show', 'drop(2)').stdout, /is not delivered; verify says incomplete/);
    assert.match(program('show', 'drop(100%)').stdout, /nothing was lost/);
  });

  it('names what is missing or wrong', () => {
    for (const [args, says] of [
      [['show'], /PLAN: not given/],
      [['list', 'reverse'], /PLAN: list takes none/],
      [['draw'], /ACTION: got "draw", want one of list, show/],
      [['show', 'dorp(2)'], /PLAN: got "dorp"/],
    ] as const) {
      const { status, stderr } = program(...args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, says);
    }
  });
});
