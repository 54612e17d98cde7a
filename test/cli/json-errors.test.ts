import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.js';
import { runHere } from './fixture.js';

describe('errors for programs', () => {
  it('are the last object on stdout with --json, beside the text on stderr', async () => {
    const { code, stdout, stderr } = await runHere('send 192.0.2.2:9 --size 1 --ttl 256 --json'.split(' '), COMMANDS);
    assert.equal(code, 2);
    assert.deepEqual(JSON.parse(stdout), {
      type: 'error',
      code: 'ERR_UFO_INVALID_ARGUMENT',
      message: '--ttl: got "256", want 1 … 255 (0x10 allowed)',
      hint: null,
      argument: '--ttl',
      exitCode: 2,
    });
    assert.match(stderr, /--ttl: got "256"/);
  });

  it('stay off stdout without it, and where it is somebody else’s', async () => {
    for (const line of ['send 192.0.2.2:9 --size x', 'lab --mtu 1 -- udp-ufo doctor --json']) {
      assert.equal((await runHere(line.split(' '), COMMANDS)).stdout, '');
    }
  });
});
