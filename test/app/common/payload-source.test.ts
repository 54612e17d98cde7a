import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { payloadCount, payloads } from '../../../src/app/common/payload-source.js';

const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-payload-'));
const file = join(folder, 'payload');
writeFileSync(file, Buffer.alloc(2_500, 7));
after(() => rmSync(folder, { recursive: true }));

describe('payloads', () => {
  for (const [options, lens] of [
    [{ file, datagramSize: 1000 }, [1000, 1000, 500]],
    [{ file, datagramSize: 1000, count: 2 }, [1000, 1000]],
    [{ file, datagramSize: 1000, count: 9 }, [1000, 1000, 500]],
    [{ file, count: 2 }, [2500, 2500]],
    [{ size: 5, count: 3 }, [5, 5, 5]],
    [{ size: 5 }, [5]],
    [
      {
        size: [
          { min: 3, max: 3 },
          { min: 9, max: 9 },
        ],
        count: 3,
      },
      [3, 9, 3],
    ],
    [{ data: Buffer.from('text') }, [4]],
    [{ hex: Uint8Array.of(0, 255), count: 2 }, [2, 2]],
  ] as const) {
    it(`counts and gives ${lens.join(', ')} octets`, async () => {
      const got: number[] = [];
      for await (const payload of payloads(options, 65_507)) got.push(payload.length);
      assert.deepEqual(got, lens);
      assert.equal(await payloadCount(options), lens.length);
    });
  }

  for (const name of ['data', 'hex'] as const) {
    it(`refuses more of --${name} than a datagram carries`, async () => {
      await assert.rejects(payloads({ [name]: Buffer.alloc(11) }, 10).next(), {
        message: /^--(data|hex): .*at most 10/,
      });
    });
  }

  it('does not know how much standard input holds', async () => {
    assert.equal(await payloadCount({ file: '-', datagramSize: 10 }), undefined);
    assert.equal(await payloadCount({ datagramSize: 10, count: 4 }), 4);
  });
});
