import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lostText } from '../../../src/app/common/lost-text.js';

const NONE = { socket: 0, qdisc: 0, driver: 0, neighbour: 0, backlog: 0, unknown: 0 };

describe('what was lost on this machine', () => {
  for (const [lost, text] of [
    [{}, 'nothing lost on this machine'],
    [{ qdisc: 5, backlog: 2 }, 'lost on this machine: interface queue 5, backlog 2'],
    [{ neighbour: 1 }, 'lost on this machine: no answer of the neighbour 1'],
    [
      { driver: null, unknown: null },
      "nothing known to be lost on this machine; not known: interface's driver, not seen leaving the interface",
    ],
    [{ socket: 3, qdisc: null }, 'lost on this machine: socket 3; not known: interface queue'],
  ] as const) {
    it(text, () => assert.equal(lostText({ ...NONE, ...lost }), text));
  }
});
