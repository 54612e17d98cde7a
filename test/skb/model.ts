import assert from 'node:assert/strict';
import { SegmentTable } from '../../src/memory/segment-table.js';
import { skbAppendDatatoFrags } from '../../src/skb/append-datato-frags.js';
import { skbClone } from '../../src/skb/clone.js';
import { skbCopyUbufs } from '../../src/skb/copy-ubufs.js';
import { pskbCopy, pskbExpandHead } from '../../src/skb/expand-head.js';
import { skbAddForeignFrag, skbFillPageDesc, skbZcopy, skbZcopySet } from '../../src/skb/fill-page-desc.js';
import { skbLinearize } from '../../src/skb/linearize.js';
import { skbRecycleCheck } from '../../src/skb/recycle.js';
import { consumeSkb, kfreeSkb } from '../../src/skb/release.js';
import type { SkbSharedInfo } from '../../src/skb/shared-info.js';
import { type SkBuff, skbGet, skbPut, skbReserve } from '../../src/skb/skbuff.js';
import { Sock } from '../../src/skb/sock.js';
import { UbufInfo } from '../../src/skb/ubuf-info.js';
import { allocSendSkb, skbOrphan } from '../../src/skb/wmem.js';
import { FaultyPool, octetsOf } from './faulty-pool.js';

/** What the model drives; the tests put mistakes in here. */
export const REAL = {
  ...{
    allocSendSkb,
    skbAppendDatatoFrags,
    skbFillPageDesc,
    skbAddForeignFrag,
    skbZcopySet,
    skbGet,
    consumeSkb,
    kfreeSkb,
  },
  ...{ skbClone, skbCopyUbufs, pskbCopy, pskbExpandHead, skbLinearize, skbRecycleCheck, skbOrphan },
};
export type Api = typeof REAL;

/** One step: operation, two choices, and after how many allocations they begin to fail (more than 6: never). */
export type Step = readonly [op: number, a: number, b: number, budget: number];

interface Held {
  readonly skb: SkBuff;
  octets: Buffer;
  /** References that the model holds: its own, and one for every batch of rows on its way. */
  refs: number;
}

type Piece = readonly [page: number, offset: number, len: number];

/** What a row of a segment table says; the table itself is used again for the next. */
interface Rows {
  readonly held: Held;
  readonly pieces: readonly Piece[];
  readonly octets: Buffer;
}

interface UserBuffer {
  readonly ubuf: UbufInfo;
  /** Where its octets are, to be changed as soon as it is told. */
  readonly bytes: readonly Uint8Array[];
  /** Pages of the pool that the user holds himself. */
  readonly pages: readonly number[];
  readonly told: boolean[];
  copied: boolean;
}

/** Skbs, rows on their way and user buffers, and beside them what all counts and octets have to be. */
export class World {
  readonly pool = new FaultyPool(96);
  readonly sk = new Sock(1 << 20);
  readonly #api: Api;
  #held: Held[] = [];
  #rows: Rows[] = [];
  #users: UserBuffer[] = [];
  #stamp = 1;

  constructor(api: Api) {
    this.#api = api;
  }

  step([op, a, b, budget]: Step): void {
    const names = Object.keys(this.#ops);
    const run = this.#ops[names[op % names.length]!]!;
    this.pool.budget = budget > 6 ? Number.POSITIVE_INFINITY : budget;
    try {
      const own = this.#held.filter((held) => this.#ownsOne(held));
      run(own[a % own.length], b);
    } catch (error) {
      const { code } = error as { code?: string };
      if (!['ENOMEM', 'EFAULT', 'EMSGSIZE', 'EINVAL'].includes(code ?? '')) throw error;
    } finally {
      this.pool.budget = Number.POSITIVE_INFINITY;
    }
    this.check();
  }

  /** Everybody lets go; nothing must be left. */
  close(): void {
    while (this.#rows.length > 0) this.#finishRows(0, true);
    while (this.#held.length > 0) this.#drop(this.#held[0]!, this.#api.kfreeSkb);
    this.check();
    for (const user of this.#users) for (const page of user.pages) this.pool.putPage(page);
    assert.equal(this.pool.freePages, this.pool.pages, 'pages leaked');
    assert.equal(this.pool.foreignPages, 0, 'foreign pages leaked');
    assert.equal(this.sk.wmemAlloc, 0, 'account not back to zero');
  }

  check(): void {
    this.#checkReferences();
    this.#checkAccount();
    for (const { skb, octets } of this.#held) assert.ok(octets.equals(octetsOf(skb)), 'octets of an skb changed');
    for (const { pieces, octets } of this.#rows)
      assert.ok(octets.equals(this.#rowOctets(pieces)), 'octets of rows changed');
    for (const { ubuf, told, copied } of this.#users) {
      const pending = this.#held.some(({ skb }) => skb.shinfo.destructorArg === ubuf);
      assert.equal(told.length, pending ? 0 : 1, 'completion not exactly once');
      if (!pending) assert.equal(told[0], !copied, 'completion told the wrong thing');
    }
  }

  readonly #ops: Readonly<Record<string, (held: Held | undefined, b: number) => void>> = {
    alloc: (_, b) => {
      if (this.#held.length >= 8) return;
      const skb = this.#api.allocSendSkb(this.sk, this.pool, 256);
      skbReserve(skb, 64);
      const at = skbPut(skb, b % 100);
      this.#write(this.pool.memory.bytes.subarray(at, skb.tail));
      this.#hold(skb);
    },
    append: (held, b) => {
      if (held === undefined) return;
      const octets = this.#write(new Uint8Array((b * 37) % 14_000));
      const failAt = b % 5 === 0 ? octets.length >> 1 : octets.length;
      const getfrag = (from: Uint8Array, to: number, offset: number, len: number): number => {
        if (offset + len > failAt) return -1;
        this.pool.memory.bytes.set(from.subarray(offset, offset + len), to);
        return 0;
      };
      this.#api.skbAppendDatatoFrags(held.skb.sk, held.skb, getfrag, octets, octets.length);
      held.octets = Buffer.concat([held.octets, octets]);
    },
    zeroCopy: (held, b) => {
      if (held !== undefined && !skbZcopy(held.skb) && held.skb.shinfo.dataref === 1) this.#attachUserPages(held, b);
    },
    clone: (held) => this.#derive(held, (skb) => this.#api.skbClone(skb)),
    pskbCopy: (held) => this.#derive(held, (skb) => this.#api.pskbCopy(skb)),
    expand: (held, b) => this.#change(held, (skb) => this.#api.pskbExpandHead(skb, (b * 13) % 5000, b % 3000)),
    linearize: (held) => this.#change(held, (skb) => this.#api.skbLinearize(skb)),
    copyUbufs: (held) => this.#change(held, (skb) => this.#api.skbCopyUbufs(skb)),
    recycle: (held, b) => {
      if (held !== undefined && this.#api.skbRecycleCheck(held.skb, b % 5000)) held.octets = Buffer.alloc(0);
    },
    orphan: (held) => held && this.#api.skbOrphan(held.skb),
    segment: (held) => {
      if (held === undefined || this.#rows.length >= 6) return;
      const table = new SegmentTable(this.pool.memory);
      table.pushRow(0, 0, 0);
      for (const { page, offset, size } of held.skb.shinfo.frags) table.pushPiece(page, offset, size);
      this.#api.skbGet(held.skb);
      held.refs += 1;
      const pieces = Array.from(
        { length: table.pieces },
        (_, i): Piece => [table.piecePage[i]!, table.pieceOffset[i]!, table.pieceLen[i]!],
      );
      this.#rows.push({ held, pieces, octets: this.#rowOctets(pieces) });
    },
    complete: (_, b) => this.#finishRows(b, true),
    fail: (_, b) => this.#finishRows(b, false),
    free: (held) => held && this.#drop(held, this.#api.consumeSkb),
    kfree: (held) => held && this.#drop(held, this.#api.kfreeSkb),
  };

  #attachUserPages(held: Held, b: number): void {
    const { pool } = this;
    const pages: number[] = [];
    const bytes: Uint8Array[] = [];
    try {
      for (let i = 0; i <= b % 3; i++) {
        const page = pool.allocPage();
        if (page < 0) break;
        pages.push(page);
        bytes.push(this.#write(pool.memory.bytes.subarray(pool.offsetOf(page), pool.offsetOf(page) + 4096)));
        pool.getPage(page);
        try {
          this.#api.skbFillPageDesc(held.skb, page, b % 1000, 3000);
        } catch (error) {
          pool.putPage(page);
          throw error;
        }
      }
      if (b % 2 === 0) {
        const foreign = this.#write(new Uint8Array(100 + b * 7));
        this.#api.skbAddForeignFrag(held.skb, foreign);
        bytes.push(foreign);
      }
    } finally {
      held.octets = Buffer.from(octetsOf(held.skb));
      const user: UserBuffer = {
        bytes,
        pages,
        told: [],
        copied: false,
        ubuf: new UbufInfo((_, ok) => this.#told(user, ok)),
      };
      this.#api.skbZcopySet(held.skb, user.ubuf);
      this.#users.push(user);
    }
  }

  /** The user does at once what completion allows: writes something else. */
  #told(user: UserBuffer, success: boolean): void {
    user.told.push(success);
    for (const bytes of user.bytes) this.#write(bytes);
  }

  #derive(held: Held | undefined, make: (skb: SkBuff) => SkBuff): void {
    if (held === undefined || this.#held.length >= 8) return;
    const user = this.#userOf(held.skb);
    const skb = make(held.skb);
    if (user !== undefined) user.copied = true;
    this.#held.push({ skb, octets: held.octets, refs: 1 });
  }

  #change(held: Held | undefined, change: (skb: SkBuff) => void): void {
    if (held === undefined) return;
    const user = this.#userOf(held.skb);
    change(held.skb);
    if (user !== undefined && !skbZcopy(held.skb)) user.copied = true;
  }

  #finishRows(index: number, good: boolean): void {
    const [rows] = this.#rows.splice(index % Math.max(1, this.#rows.length), 1);
    if (rows === undefined) return;
    assert.ok(rows.octets.equals(this.#rowOctets(rows.pieces)), 'rows sent octets that were not theirs');
    this.#drop(rows.held, good ? this.#api.consumeSkb : this.#api.kfreeSkb);
  }

  #drop(held: Held, free: (skb: SkBuff) => void): void {
    const user = this.#userOf(held.skb);
    if (user !== undefined && free === this.#api.kfreeSkb) user.copied = true;
    held.refs -= 1;
    if (held.refs === 0) this.#held = this.#held.filter((other) => other !== held);
    free(held.skb);
  }

  /** Whether the model still has a reference beside those of rows: only who has one may do anything to an skb. */
  #ownsOne(held: Held): boolean {
    return held.refs > this.#rows.filter((rows) => rows.held === held).length;
  }

  #hold(skb: SkBuff): void {
    this.#held.push({ skb, octets: Buffer.from(octetsOf(skb)), refs: 1 });
  }

  #userOf(skb: SkBuff): UserBuffer | undefined {
    return this.#users.find((user) => user.ubuf === skb.shinfo.destructorArg);
  }

  #write(bytes: Uint8Array): Uint8Array {
    const stamp = this.#stamp++;
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i + stamp * 41 + (i >> 8)) & 0x7f;
    return bytes;
  }

  #rowOctets(pieces: readonly Piece[]): Buffer {
    const octets = Buffer.alloc(pieces.reduce((sum, [, , len]) => sum + len, 0));
    let at = 0;
    for (const [page, offset, len] of pieces) {
      assert.ok(this.pool.pageCount(page) > 0, 'rows point at a free page');
      this.pool.copyOut(page, offset, len, octets, at);
      at += len;
    }
    return octets;
  }

  #checkReferences(): void {
    const want = new Map<number, number>();
    const refer = (first: number, count: number): void => {
      for (let page = first; page < first + count; page++) want.set(page, (want.get(page) ?? 0) + 1);
    };
    const owners = new Map<SkbSharedInfo<SkBuff>, number>();
    for (const { skb, refs } of this.#held) {
      assert.equal(skb.users, refs, 'users');
      const { shinfo } = skb;
      owners.set(shinfo, (owners.get(shinfo) ?? 0) + 1);
      if (owners.get(shinfo)! > 1) continue;
      refer(skb.headPage, skb.headPages);
      for (const { page, offset, size } of shinfo.frags) {
        refer(page, this.pool.isForeign(page) ? 1 : Math.ceil((offset + size) / 4096));
      }
    }
    for (const [shinfo, count] of owners) assert.equal(shinfo.dataref, count, 'dataref');
    for (const user of this.#users) for (const page of user.pages) refer(page, 1);
    for (let page = 0; page < this.pool.pages; page++) {
      assert.equal(this.pool.pageCount(page), want.get(page) ?? 0, `references on page ${page}`);
    }
    const used = [...want.keys()].filter((page) => !this.pool.isForeign(page)).length;
    assert.equal(this.pool.freePages, this.pool.pages - used, 'free pages');
    assert.equal(this.pool.foreignPages, want.size - used, 'foreign pages');
  }

  #checkAccount(): void {
    let charged = 0;
    for (const { skb } of this.#held) {
      let truesize = skb.headPages * 4096;
      for (const { offset, size } of skb.shinfo.frags) truesize += Math.ceil((offset + size) / 4096) * 4096;
      assert.equal(skb.truesize, truesize, 'truesize');
      assert.equal(skb.len - skb.dataLen, skb.tail - skb.data, 'len');
      if (skb.sk !== null) charged += truesize + skb.forwardAlloc;
    }
    assert.equal(this.sk.wmemAlloc, charged, 'wmemAlloc');
  }
}
