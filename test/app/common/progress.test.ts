import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { createProgress } from '../../../src/app/common/progress.js';
import { Screen } from './screen.js';

/** A terminal, or what is none, that keeps what is drawn on it. */
function terminal(columns: number, isTTY = true): { stream: NodeJS.WriteStream; drawn: () => string; screen: Screen } {
  const screen = new Screen(columns);
  let drawn = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      drawn += chunk.toString();
      screen.write(chunk.toString());
      done();
    },
  });
  Object.assign(stream, { isTTY, columns, rows: 24 });
  return { stream: stream as unknown as NodeJS.WriteStream, drawn: () => drawn, screen };
}

describe('a progress bar', () => {
  for (const columns of [80, 40, 20]) {
    it(`stays on one line of ${columns} columns, and leaves nothing behind`, async () => {
      const { stream, screen } = terminal(columns);
      screen.write('before\r\n');
      const bar = await createProgress('sending', 100_000_000, 'datagrams', { stream });
      for (const done of [1, 50_000_000, 100_000_000]) bar.update(done);
      assert.equal(screen.lines.length, 2);
      assert.match(screen.lines[1]!, /^sending \[/);
      if (columns === 80) assert.match(screen.lines[1]!, /\d+\/100000000 datagrams \| ETA /);
      bar.stop();
      screen.write('behind\r\n');
      assert.deepEqual(screen.lines, ['before', 'behind', '']);
      assert.equal(screen.cursorShown, true);
    });
  }

  it('goes by seconds without guessing at those that are left', async () => {
    const { stream, screen } = terminal(80);
    const bar = await createProgress('sending', 60, 's', { stream, showsEta: false });
    bar.update(30);
    bar.update(999);
    assert.match(screen.lines[0]!, /^sending \[=*-*\] \d+% \| \d+\/60 s$/);
    bar.stop();
  });

  it('only counts where nobody knows how many it will be', async () => {
    const { stream, screen } = terminal(80);
    const bar = await createProgress('sending', Number.POSITIVE_INFINITY, 'datagrams', { stream });
    bar.update(9_999);
    bar.update(12_000);
    assert.deepEqual(screen.lines, ['sending: 12000 datagrams']);
    bar.stop();
    assert.deepEqual(screen.lines, ['']);
  });

  it('draws nothing where there is no terminal, and nothing to wait for', async () => {
    for (const [isTTY, total] of [
      [false, 10],
      [false, Number.POSITIVE_INFINITY],
      [true, 0],
    ] as const) {
      const { stream, drawn } = terminal(80, isTTY);
      const bar = await createProgress('sending', total, 'datagrams', { stream });
      bar.update(5);
      bar.stop();
      assert.equal(drawn(), '');
    }
  });
});
