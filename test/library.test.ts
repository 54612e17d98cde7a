import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encodePcap, type Frame, frameData, pcapFormat, segment, UfoError, verify } from '../src/index.js';

const payload = Buffer.alloc(65_507, 'way');
const endpoints = {
  source: { address: '192.0.2.1', port: 1111 },
  destination: { address: '192.0.2.2', port: 9999 },
} as const;

async function* batches(frames: readonly Frame[]): AsyncGenerator<readonly Frame[]> {
  for (let at = 0; at < frames.length; at += 7) yield frames.slice(at, at + 7);
}

describe('library', () => {
  it('segments a datagram and verifies its frames', async () => {
    const frames = [...segment({ ...endpoints, payload, ident: 4660 })];
    assert.equal(frames.length, 45);
    const verdicts = verify(batches(frames));
    const { value: verdict } = await verdicts.next();
    assert.ok(verdict?.type === 'datagram');
    assert.deepEqual(
      [verdict.verdict, verdict.ident, verdict.fragments, verdict.payloadLen],
      ['good', 4660, 45, 65_507],
    );
    const { value: summary, done } = await verdicts.next();
    assert.ok(done);
    assert.equal(summary.verdict, 'good');
  });

  it('verifies a file, and says what is wrong in it', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'udp-ufo-'));
    t.after(() => rm(folder, { recursive: true }));
    const frames = [...segment({ ...endpoints, payload })];
    frameData(frames[7]!)[700]! ^= 1;
    const file = join(folder, 'a.pcap');
    await writeFile(file, encodePcap(frames, pcapFormat(frames[0]!.linktype)));
    const seen: string[] = [];
    for await (const { verdict, udp } of verify(file)) seen.push(verdict, String(udp?.checksum));
    assert.deepEqual(seen, ['bad', 'bad']);
  });

  it('leaves its pool as it was, whatever the outcome', () => {
    for (let i = 0; i < 200; i++) {
      segment({ ...endpoints, payload });
      assert.throws(() => segment({ ...endpoints, payload: Buffer.alloc(65_508) }), UfoError);
      assert.throws(() => segment({ ...endpoints, payload, dontFragment: true }), { code: 'EMSGSIZE' });
    }
  });

  it('cuts nothing at the longest packet of each family', () => {
    const ends6 = { source: { address: '2001:db8::1', port: 1 }, destination: { address: '2001:db8::2', port: 1 } };
    assert.equal([...segment({ ...endpoints, payload: Buffer.alloc(65_507), mtu: 65_535 })].length, 1);
    assert.equal([...segment({ ...ends6, payload: Buffer.alloc(65_527), mtu: 65_575 })].length, 1);
  });

  it('refuses what makes no sense, naming it', () => {
    const refused = (change: object, text: RegExp): void => {
      assert.throws(() => segment({ ...endpoints, payload, ...change }), {
        code: 'ERR_UFO_INVALID_ARGUMENT',
        message: text,
      });
    };
    refused({ source: { address: '2001:db8::1', port: 1 } }, /^source/);
    refused({ destination: { address: '192.0.2.256', port: 1 } }, /^destination/);
    refused({ destination: { address: '192.0.2.2', port: 0 } }, /^destinationPort/);
    refused({ mtu: 27 }, /^mtu: got 27, want 28 … 65535 octets for IPv4/);
    refused({ mtu: 65_536 }, /^mtu: got 65536, want 28 … 65535 octets for IPv4/);
    const ends6 = { source: { address: '2001:db8::1', port: 1 }, destination: { address: '2001:db8::2', port: 1 } };
    refused({ ...ends6, mtu: 65_576 }, /^mtu: got 65576, want 56 … 65575 octets for IPv6/);
    refused({ ttl: 0 }, /^ttl/);
    refused({ options: Uint8Array.of(1, 1, 1) }, /^options/);
  });
});
