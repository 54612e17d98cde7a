import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DatagramKind, DatagramVerdict, VerifySummary } from '../../src/verify/verdict.js';
import { verify } from '../../src/verify/verify.js';

const CASES = new URL('../../../test/cases/', import.meta.url);

async function judge(name: string): Promise<{ verdicts: DatagramVerdict[]; summary: VerifySummary }> {
  const all = verify(fileURLToPath(new URL(`${name}.pcap`, CASES)));
  const verdicts: DatagramVerdict[] = [];
  for (;;) {
    const { value, done } = await all.next();
    if (done) return { verdicts, summary: value };
    verdicts.push(value);
  }
}

/** File, what becomes of its datagrams, and codes that must be among the findings. */
const WANT: readonly [name: string, kinds: readonly DatagramKind[], codes: readonly string[]][] = [
  ['c01-vlan-same-id', ['good', 'good'], []],
  ['c02-udp-shorter-than-ip', ['good', 'good', 'good'], ['udp-surplus']],
  ['c05-dlt-raw.14', ['good'], []],
  ['c06-tunnel-ethertypes.pppoe', ['good', 'bad'], ['udp-checksum']],
  ['c06-tunnel-ethertypes.snap', ['good', 'bad'], ['udp-checksum']],
  ['c12-total-length-0', ['good'], ['jumbo-or-offloaded', 'length-not-written']],
  ['c14-padding-fcs.fcsbits', ['good'], []],
  ['c20-v6-chain.hbh-second', ['good', 'bad'], ['header-chain-order']],
  ['c28-jumbogram.plen0', ['good'], ['length-not-written']],
  ['c38-ip-options-malformed', ['bad', 'bad', 'bad', 'bad', 'bad'], ['ip-option']],
  ['c41-ip-checksum-zero', ['good', 'good'], []],
  ['c53-atomic', ['good', 'good', 'good'], []],
  ['c55-source-routes', Array<DatagramKind>(10).fill('good'), ['ip-option-special', 'routing-type-special']],
];

describe('captures made by hand', () => {
  for (const [name, kinds, codes] of WANT) {
    it(`${name} holds ${kinds.join(', ')}`, async () => {
      const { verdicts, summary } = await judge(name);
      assert.deepEqual(
        verdicts.map(({ verdict }) => verdict),
        kinds,
      );
      const found = new Set<string>(verdicts.flatMap(({ findings }) => findings.map(({ code }) => code)));
      assert.deepEqual([...found].sort(), codes);
      assert.equal(summary.verdict, kinds.includes('bad') ? 'bad' : 'good');
      assert.deepEqual([summary.judged, summary.notJudged], [summary.frames, {}]);
    });
  }

  it('tell the network of a datagram', async () => {
    const vias = async (name: string) => (await judge(name)).verdicts.map(({ via }) => via);
    assert.deepEqual(await vias('c01-vlan-same-id'), ['vlan 10', 'vlan 20']);
    assert.deepEqual(await vias('c06-tunnel-ethertypes.pppoe'), [null, 'pppoe 1']);
    assert.deepEqual(await vias('c06-tunnel-ethertypes.snap'), [null, 'snap']);
  });
});
