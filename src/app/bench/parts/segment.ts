import assert from 'node:assert/strict';
import { rowOctets } from '../../../memory/gather-row.js';
import { PagePool } from '../../../memory/page-pool.js';
import { SegmentTable } from '../../../memory/segment-table.js';
import { UserMemory } from '../../../memory/user-memory.js';
import { makePayload } from '../../../payload/generated.js';
import { skbChecksum } from '../../../skb/checksum.js';
import { NETIF_F_SG } from '../../../skb/features.js';
import type { SkBuff } from '../../../skb/skbuff.js';
import { Sock } from '../../../skb/sock.js';
import { copied, datagramTruesize, ipAppendData } from '../../../ufo/append-data.js';
import { skbChecksumHelp } from '../../../ufo/make-skb.js';
import { Segmenter } from '../../../ufo/segment.js';
import { Verifier } from '../../../verify/verifier.js';
import type { Frame } from '../../../wire/frame.js';
import { LINKTYPE_ETHERNET } from '../../../wire/link-layer.js';
import { labFlow } from '../contestants/ready-frames.js';
import { MAIN, type Scenario } from '../scenario.js';
import { nsPerCall } from '../timing.js';
import type { Part, PartPlan } from './part.js';

/** Pages of one datagram of 65,507 octets, the head included, and datagrams of a cold run: 64 MiB. */
const PAGES_EACH = 18;
const COLD_DATAGRAMS = 1024;

/** The UFO stage alone, headers and rows of 65,507 octets at MTU 1500, with and without the sum over the payload. */
export function timeSegmentation({ ms }: PartPlan): Part[] {
  return ([4, 6] as const).flatMap((family) => {
    const stage = new Stage({ ...MAIN, family });
    stage.check();
    const one = (name: string, what: string, ns: number): Part => {
      const text = `segmentation IPv${family}, ${what}`;
      return { type: 'part', name: `${name}${family}`, what: text, value: ns / stage.segs, unit: 'ns/fragment' };
    };
    return [
      one('segment', 'with UDP checksum, hot', nsPerCall(ms, 100, stage.hot)),
      one('segmentCold', 'with UDP checksum, cold', nsPerCall(ms, COLD_DATAGRAMS, stage.cold)),
      one('segmentRows', 'headers and rows only', nsPerCall(ms, 100, stage.cut)),
    ];
  });
}

class Stage {
  readonly segs: number;
  readonly #table: SegmentTable;
  readonly #segmenter = new Segmenter();
  readonly #skbs: SkBuff[];
  #next = 0;
  #sum = 0;

  constructor(scenario: Scenario) {
    const pool = new PagePool(new UserMemory({ pages: COLD_DATAGRAMS * PAGES_EACH }));
    const sock = new Sock(1 << 30);
    const flow = labFlow(scenario, true);
    this.#skbs = Array.from({ length: COLD_DATAGRAMS }, (_, sequence) => {
      const payload = copied([makePayload(scenario.size, 1, sequence)]);
      const truesize = datagramTruesize(flow, payload, NETIF_F_SG);
      assert.ok(sock.tryWmem(truesize));
      const skb = ipAppendData(sock, pool, flow, sequence + 1, payload, NETIF_F_SG, truesize);
      skbChecksumHelp(skb);
      return skb;
    });
    this.segs = this.#skbs[0]!.shinfo.gsoSegs;
    this.#table = new SegmentTable(pool.memory);
  }

  readonly hot = (): void => {
    this.#sumOf(this.#skbs[0]!);
    this.cut();
  };

  readonly cold = (): void => {
    const skb = this.#skbs[this.#next]!;
    this.#next = (this.#next + 1) % COLD_DATAGRAMS;
    this.#sumOf(skb);
    this.#cut(skb);
  };

  readonly cut = (): void => this.#cut(this.#skbs[0]!);

  /** What the timed loop leaves in the table are right fragments. */
  check(): void {
    this.#table.reset();
    this.hot();
    const verifier = new Verifier({ hash: false });
    const verdicts = [...verifier.push(framesIn(this.#table, this.#skbs[0]!.pool)), ...verifier.end()];
    assert.deepEqual(
      verdicts.map(({ verdict, fragments }) => [verdict, fragments]),
      [['good', this.segs]],
    );
  }

  #sumOf(skb: SkBuff): void {
    const start = skb.transportHeader - skb.data;
    this.#sum ^= skbChecksum(skb, start, skb.len - start, 0);
  }

  #cut(skb: SkBuff): void {
    if (this.#table.rows + this.segs > this.#table.capacity) this.#table.reset();
    this.#segmenter.begin(skb, 0);
    if (this.#segmenter.run(this.#table)) return;
    this.#table.reset(); // the arena was full first
    this.#segmenter.begin(skb, 0);
    this.#segmenter.run(this.#table);
  }
}

function framesIn(table: SegmentTable, pool: PagePool): Frame[] {
  return Array.from({ length: table.rows }, (_, row) => {
    const bytes = rowOctets(table, pool, row);
    const len = bytes.length;
    return { bytes, offset: 0, caplen: len, len, linktype: LINKTYPE_ETHERNET, seconds: 0, nanoseconds: 0 };
  });
}
