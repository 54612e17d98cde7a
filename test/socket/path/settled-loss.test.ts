import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { settledLoss } from '../../../src/socket/path/settled-loss.js';
import type { LostFrames, NetDevice } from '../../../src/tx/net-device.js';

const NONE: LostFrames = { socket: 0, qdisc: 0, driver: 0, neighbour: 0, backlog: 0, unknown: 0 };

/** A device that says these one after the other, the last one for good. */
function saying(losses: readonly Partial<LostFrames>[], more: Partial<NetDevice> = {}) {
  let asked = 0;
  const lost = (): LostFrames => ({ ...NONE, ...losses[Math.min(asked++, losses.length - 1)] });
  return { device: { lost, ...more } as NetDevice, asked: () => asked };
}

/** As if nothing were counted any more for longer than anybody waits. */
function lateAtOnce(): void {
  let now = 0;
  mock.method(performance, 'now', () => {
    now += 3000;
    return now;
  });
}

describe('what devices have lost', () => {
  afterEach(() => mock.restoreAll());

  it('is told at once where all is counted, one from the other summed by where it was lost', async () => {
    const one = saying([{ qdisc: 3, neighbour: 1 }]);
    const other = saying([{ qdisc: 4, driver: 2, backlog: 5, socket: 6 }]);
    const want = { socket: 6, qdisc: 7, driver: 2, neighbour: 1, backlog: 5, unknown: 0 };
    assert.deepEqual(await settledLoss([one.device, other.device]), want);
    assert.deepEqual([one.asked(), other.asked()], [1, 1]);
    assert.deepEqual(await settledLoss([]), NONE);
  });

  it('is not known where one device cannot know it', async () => {
    const devices = [{ qdisc: 3 }, { qdisc: null, unknown: null }].map((one) => saying([one]).device);
    assert.deepEqual(await settledLoss(devices), { ...NONE, qdisc: null, unknown: null });
  });

  it('is waited for while some may be under way', async () => {
    const { device } = saying([{ unknown: 9 }, { unknown: 4 }, { qdisc: 2 }]);
    assert.deepEqual(await settledLoss([device]), { ...NONE, qdisc: 2 });
    lateAtOnce();
    assert.deepEqual(await settledLoss([saying([{ unknown: 9 }]).device]), { ...NONE, unknown: 9 });
  });

  it('is waited for while a neighbour does not answer, and is then its', async () => {
    const answers = [true, true, false];
    const late = async (): Promise<boolean> => answers.shift()!;
    const { device } = saying([{}, {}, { qdisc: 1 }], { neighboursMissing: late });
    assert.deepEqual(await settledLoss([device]), { ...NONE, qdisc: 1 });

    const never = { neighboursMissing: async () => true };
    const cases: readonly (readonly [taken: number, lost: Partial<LostFrames>, want: Partial<LostFrames>])[] = [
      [100, { unknown: 97 }, { neighbour: 100 }], // the interface counted three questions
      [100, { unknown: 92 }, { neighbour: 100 }],
      [100, { unknown: 91 }, { neighbour: 91 }], // nine packets were more than questions
      [100, { unknown: 90, qdisc: 4, driver: 2, backlog: 1 }, { qdisc: 4, driver: 2, backlog: 1, neighbour: 93 }],
      [3, { unknown: 0 }, { neighbour: 3 }],
      [0, { unknown: 0 }, { neighbour: null }],
      [100, { unknown: null }, { unknown: null, neighbour: null }],
    ];
    for (const [taken, lost, want] of cases) {
      lateAtOnce();
      const told = await settledLoss([saying([lost], { ...never, taken }).device]);
      assert.deepEqual(told, { ...NONE, ...want }, JSON.stringify(lost));
      mock.restoreAll();
    }
  });

  it('in waiting for a neighbour is not known where nobody can ask whether it answers', async () => {
    const { device } = saying([{ unknown: 5 }], { neighboursMissing: async () => null });
    assert.deepEqual(await settledLoss([device]), { ...NONE, neighbour: null, unknown: 5 });
  });
});
