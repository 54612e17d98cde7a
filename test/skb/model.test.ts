import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { skbZcopySet } from '../../src/skb/fill-page-desc.js';
import { type Api, REAL, type Step, World } from './model.js';

const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(999), fc.nat(30));
const SEED = 20_260_101;

function checkModel(api: Api, numRuns: number): void {
  const property = fc.property(fc.array(step, { minLength: 30, maxLength: 120 }), (steps) => {
    const world = new World(api);
    for (const one of steps) world.step(one);
    world.close();
  });
  fc.assert(property, { numRuns, seed: SEED, endOnFailure: true });
}

/** Mistakes that were made in the kernel, or could be made here; each has to be found. */
const MISTAKES: Readonly<Record<string, Partial<Api>>> = {
  'a page leaked when an skb is freed': {
    consumeSkb(skb) {
      const frag = skb.users === 1 && skb.shinfo.dataref === 1 ? skb.shinfo.frags[0] : undefined;
      if (frag !== undefined) skb.pool.getPage(frag.page);
      REAL.consumeSkb(skb);
    },
  },
  'the flag not cleared after copying, so that the callback runs twice': {
    skbCopyUbufs(skb) {
      const ubuf = skb.shinfo.destructorArg;
      REAL.skbCopyUbufs(skb);
      if (ubuf === null) return;
      ubuf.refcnt = 1;
      skbZcopySet(skb, ubuf);
    },
  },
  'the callback forgotten': {
    kfreeSkb(skb) {
      skb.shinfo.destructorArg = null;
      skb.shinfo.txFlags = 0;
      REAL.kfreeSkb(skb);
    },
  },
  'rows on their way without a reference': { skbGet: (skb) => skb },
  'a clone that does not count': {
    skbClone(skb) {
      const clone = REAL.skbClone(skb);
      skb.shinfo.dataref -= 1;
      return clone;
    },
  },
  'frags shared without a reference on their pages': {
    pskbCopy(skb) {
      const copy = REAL.pskbCopy(skb);
      for (const { page } of copy.shinfo.frags) skb.pool.putPage(page);
      return copy;
    },
  },
  'truesize changed behind the account': {
    pskbExpandHead(skb, nhead, ntail) {
      const { sk } = skb;
      skb.sk = null;
      REAL.pskbExpandHead(skb, nhead, ntail);
      skb.sk = sk;
    },
  },
  'frags of a failed append left behind': {
    skbAppendDatatoFrags(sk, skb, getfrag, from, length) {
      try {
        REAL.skbAppendDatatoFrags(sk, skb, getfrag, from, length);
      } catch (error) {
        if ((error as { code: string }).code === 'EFAULT') REAL.skbFillPageDesc(skb, skb.pool.allocPage(), 0, 1);
        throw error;
      }
    },
  },
};

describe('model of the life of a page', () => {
  it('holds over random sequences with failing allocations', () => checkModel(REAL, 600));

  for (const [mistake, wrong] of Object.entries(MISTAKES)) {
    it(`finds ${mistake}`, () => assert.throws(() => checkModel({ ...REAL, ...wrong }, 250)));
  }
});
