import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { SameFile } from '../../src/host/same-file.js';

describe('a file that is read several times', () => {
  const folder = mkdtempSync(join(tmpdir(), 'same-file-'));
  after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'mine');
  const changes: Readonly<Record<string, () => void>> = {
    'is longer': () => appendFileSync(path, 'more'),
    'was written over': () => writeFileSync(path, 'MINE'),
    'is another one of that name': () => {
      writeFileSync(`${path}.new`, 'mine');
      renameSync(`${path}.new`, path);
    },
    'has gone': () => rmSync(path),
  };
  for (const [how, change] of Object.entries(changes)) {
    it(`is refused where it ${how}`, async () => {
      writeFileSync(path, 'mine');
      const same = new SameFile(path);
      assert.equal(same.known, false);
      await same.check();
      await same.check();
      assert.equal(same.known, true);
      change();
      await assert.rejects(same.check(), { code: 'ERR_UFO_UNREADABLE', message: /mine: it has changed/ });
    });
  }

  it('may be a pipe: that is read once, and never another', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const once of ['-', pipe]) {
      const same = new SameFile(once);
      await same.check();
      await same.check();
      assert.equal(same.known, false);
    }
  });
});
