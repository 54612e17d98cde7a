import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { Pair } from '../../src/app/compare/pair.js';
import type { CompareSummary } from '../../src/app/compare/report.js';
import type { Watch } from '../../src/app/compare/watch.js';
import { activeFeatures } from '../../src/host/device-features.js';
import { findInterface } from '../../src/host/interfaces.js';
import { insideLab, LAB, setLabMtu } from '../../src/host/lab.js';
import { runCli, summaryOf } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';
import { tsharkDatagrams } from './tshark.js';

interface CauseLine {
  readonly type: 'cause';
  readonly code: string;
  readonly judgement: string;
  readonly ways: Readonly<Record<string, number>>;
  readonly example: { readonly family: 4 | 6; readonly mtu: number; readonly size: number; readonly what: string };
}

/** Sockets of this process, by their inodes. */
function openSockets(): string[] {
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the folder's own
    }
  });
  return open.filter((target) => target.startsWith('socket:')).toSorted();
}

/** As long as a loaded machine may take; a quiet one takes a few seconds. */
const SWEEP_MS = 240_000;

describeLive('compare', () => {
  const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-compare-'));
  after(() => rmSync(folder, { recursive: true }));

  it('--deep: nothing that Linux does is unexplained, and each of its known differences is seen', {
    timeout: SWEEP_MS,
  }, async () => {
    await setLabMtu(1500);
    const end = await runCli(['compare', '--deep', '--json'], { withinMs: SWEEP_MS });
    const causes = end.lines.map((line) => JSON.parse(line) as CauseLine).filter(({ type }) => type === 'cause');
    const summary = summaryOf<CompareSummary>(end);
    assert.deepEqual(
      causes.filter(({ judgement }) => judgement === 'unexplained' || judgement === 'unsure'),
      [],
    );
    assert.deepEqual([end.code, summary.verdict, summary.outcomes.lost], [0, 'good', 0], end.stderr);
    const of = (way: string) =>
      causes
        .filter(({ ways }) => (ways[way] ?? 0) > 0)
        .map(({ code }) => code)
        .toSorted();
    assert.deepEqual(of('software-ufo'), []);
    assert.deepEqual(of('kernel-ip'), [
      'checksum-left',
      'destination-options-repeated',
      'first-hop-summed',
      'flow-label-own',
      'ident-own',
      'last-unrounded',
      'route-recorded',
    ]);
    assert.deepEqual(of('kernel-uso'), ['checksum-left', 'flow-label-own', 'idents-counted', 'route-recorded']);
    const ufo = ['checksum-left', 'extension-headers-miscounted', 'first-hop-summed', 'ident-own', 'options-repeated'];
    const missing = summary.absent.some(({ way }) => way === 'kernel-ufo'); // kernels without UFO say so
    assert.deepEqual(missing ? ufo : of('kernel-ufo'), ufo);
    const least = (code: string) => causes.find((one) => one.code === code)!.example;
    assert.deepEqual(least('last-unrounded'), {
      ...least('last-unrounded'),
      family: 4,
      mtu: 576,
      size: 1097,
      what: '',
    });
    assert.equal(least('destination-options-repeated').what, 'destination options');
    const { near } = insideLab()!;
    assert.equal((await findInterface(near.interface)).mtu, 1500); // as it was
    assert.ok(activeFeatures(near.interface).has('tx-udp-segmentation')); // this, too
  });

  liveIt('what it calls equal, tshark puts together, and what it calls broken, tshark does not', async (t) => {
    const pcap = join(folder, 'hop-by-hop.pcap');
    const words = ['--extension-headers', 'hop-by-hop=0000050200000100', '--size', '4000', '--pcap', pcap, '--json'];
    const end = await runCli(['compare', ...words]);
    assert.equal(end.code, 0, end.stderr);
    const { cuts } = JSON.parse(end.lines[0]!) as { cuts: { way: string; outcome: string; causes: string[] }[] };
    assert.deepEqual(
      cuts.map(({ way, outcome, causes }) => [way, outcome, ...causes]),
      [
        ['software-ufo', 'equal'],
        ['kernel-ufo', 'explained', 'ident-own', 'extension-headers-miscounted'],
        ['kernel-ip', 'explained', 'ident-own', 'flow-label-own'],
      ],
    );
    const seen = await tsharkDatagrams(pcap);
    if (seen === null) return t.skip('tshark is not installed');
    const whole = seen.filter(
      ({ length, fragments, checksumStatus }) => length === 4008 && fragments === 3 && checksumStatus === 1,
    );
    assert.equal(whole.length, 2);
  });

  liveIt('what was opened is closed where a pair of hosts cannot be', async () => {
    const { near, far } = LAB;
    const { signal } = new AbortController();
    const ends = { family: 4, interface: near.interface, destination: far.ipv4, port: 9, mtu: 1500 } as const;
    const of = { ...ends, watch: null as unknown as Watch, signal }; // nothing is sent
    for (const source of ['203.0.113.77', near.ipv4]) {
      const before = openSockets();
      if (source === near.ipv4) await (await Pair.open({ ...of, source }))[Symbol.asyncDispose]();
      else await assert.rejects(Pair.open({ ...of, source }), { code: 'EADDRNOTAVAIL' });
      assert.deepEqual(openSockets(), before, source);
    }
  });

  liveIt('a host on a wire of the user, one size, side by side; and the same as a file', async () => {
    await setLabMtu(1499);
    const pcap = join(folder, 'host.pcap');
    const end = await runCli(['compare', LAB.far.ipv4, '-i', LAB.near.interface, '--size', '2943', '--pcap', pcap]);
    await setLabMtu(1500);
    assert.equal(end.code, 0, end.stderr);
    const text = end.lines.join('\n');
    assert.match(
      text,
      /software-ufo +equal, 3 packets\n +kernel-ufo +equal, 3 packets\n +kernel-ip +explained, 2 packets: ident-own, last-unrounded/,
    );
    assert.match(text, /│ packets +│ 3 +│ = +│ = +│ 2 +│/);
    const file = await runCli(['compare', '--against', pcap, '--mtu', '1499', '--json']);
    assert.equal(file.code, 0, file.stderr);
    const found = summaryOf<CompareSummary>(file);
    assert.deepEqual([found.verdict, found.outcomes.equal >= 2, found.doubled], ['good', true, 0]);
  });
});
