import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { UfoError } from '../../src/errors.js';
import { consumeSkb } from '../../src/skb/release.js';
import { Sock } from '../../src/skb/sock.js';
import { allocSendSkb, sendTruesize, skbOrphan, skbReclaimWmem, skbSetOwnerW } from '../../src/skb/wmem.js';
import { FaultyPool, newSkb } from './faulty-pool.js';

const fails = (code: string) => (error: unknown) => (error as { code: string }).code === code;

describe('send memory of a socket', () => {
  it('lets a datagram begin while there is any room, then says EAGAIN', () => {
    const sk = new Sock(10_000);
    sk.takeWmem(9_999);
    sk.takeWmem(73_728);
    assert.equal(sk.tryWmem(1), false);
    assert.throws(() => sk.takeWmem(1), fails('EAGAIN'));
    assert.equal(sk.wmemAlloc, 83_727);
  });

  it('serves who waits in order, each only when there is room', async () => {
    const sk = new Sock(100);
    sk.takeWmem(100);
    const served: number[] = [];
    for (let i = 0; i < 4; i++) void sk.waitForWmem(60).then(() => served.push(i));
    assert.equal(sk.waiting, 4);
    await turn();
    assert.deepEqual(served, []);
    sk.uncharge(50); // 50 charged: one more may begin, then another while below 100 … and no third
    await turn();
    assert.deepEqual(served, [0]);
    assert.equal(sk.wmemAlloc, 110);
    sk.uncharge(60);
    await turn();
    assert.deepEqual(served, [0, 1]);
    sk.uncharge(110);
    await turn();
    assert.deepEqual(served, [0, 1, 2, 3]);
    assert.equal(sk.wmemAlloc, 120);
  });

  it('lets nobody overtake', async () => {
    const sk = new Sock(100);
    sk.takeWmem(100);
    const first = sk.waitForWmem(100);
    assert.equal(sk.tryWmem(1), false);
    sk.uncharge(100);
    assert.equal(sk.tryWmem(1), false);
    await first;
    sk.uncharge(100);
    assert.equal(sk.tryWmem(1), true);
  });

  it('stops waiting on abort, and the next in line is served', async () => {
    const sk = new Sock(100);
    sk.takeWmem(100);
    const controller = new AbortController();
    const aborted = sk.waitForWmem(10, controller.signal);
    const patient = sk.waitForWmem(20);
    controller.abort(new Error('enough'));
    await assert.rejects(aborted, /enough/);
    await assert.rejects(sk.waitForWmem(1, controller.signal), /enough/);
    sk.uncharge(100);
    await patient;
    assert.equal(sk.wmemAlloc, 20);
    assert.equal(sk.waiting, 0);
  });

  it('an abort after being served changes nothing', async () => {
    const sk = new Sock(100);
    sk.takeWmem(100);
    const controller = new AbortController();
    const served = sk.waitForWmem(10, controller.signal);
    sk.uncharge(100);
    controller.abort();
    await served;
    assert.equal(sk.wmemAlloc, 10);
  });

  it('turns away who waits when it closes', async () => {
    const sk = new Sock(1);
    sk.takeWmem(1);
    const waits = [sk.waitForWmem(1), sk.waitForWmem(1)];
    sk.failWaiters(new UfoError('ERR_SOCKET_DGRAM_NOT_RUNNING', 'closed'));
    for (const wait of waits) await assert.rejects(wait, fails('ERR_SOCKET_DGRAM_NOT_RUNNING'));
    assert.equal(sk.wmemAlloc, 1);
  });

  it('knows when more is given back than was taken', () => {
    assert.throws(() => new Sock().uncharge(1), /0 charged/);
  });

  it('refuses a budget that is none', () => {
    for (const size of [0, -1, 1.5, Number.NaN]) assert.throws(() => new Sock(size), fails('ERR_UFO_INVALID_ARGUMENT'));
  });
});

describe('skbs and their owner', () => {
  it('an skb takes over what was waited for, and gives back what it did not need', async () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    const octets = sendTruesize(200, 65_507);
    assert.equal(octets, 17 * 4096);
    await sk.waitForWmem(octets);
    const skb = allocSendSkb(sk, pool, 200, octets);
    assert.equal(sk.wmemAlloc, octets);
    skbReclaimWmem(skb);
    skbReclaimWmem(skb);
    assert.equal(sk.wmemAlloc, 4096);
    consumeSkb(skb);
    assert.equal(sk.wmemAlloc, 0);
  });

  it('an skb freed before its memory was needed gives all of it back', () => {
    const sk = new Sock();
    sk.takeWmem(50_000);
    consumeSkb(allocSendSkb(sk, new FaultyPool(), 200, 50_000));
    assert.equal(sk.wmemAlloc, 0);
  });

  it('no page: what was waited for goes back to the account', () => {
    const pool = new FaultyPool();
    const sk = new Sock();
    sk.takeWmem(50_000);
    pool.budget = 0;
    assert.throws(() => allocSendSkb(sk, pool, 200, 50_000), fails('ENOMEM'));
    assert.equal(sk.wmemAlloc, 0);
  });

  it('an orphan is on nobody’s account; a new owner is charged', () => {
    const [a, b] = [new Sock(), new Sock()];
    const skb = newSkb(new FaultyPool(), a);
    skbSetOwnerW(skb, b);
    assert.deepEqual([a.wmemAlloc, b.wmemAlloc], [0, 4096]);
    skbOrphan(skb);
    skbOrphan(skb);
    assert.deepEqual([skb.sk, b.wmemAlloc], [null, 0]);
    consumeSkb(skb);
  });
});
