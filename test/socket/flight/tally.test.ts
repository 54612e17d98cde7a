import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamCounts } from '../../../src/socket/flight/counts.js';
import { Datagram, type SendResult } from '../../../src/socket/flight/datagram.js';
import { Tally } from '../../../src/socket/flight/tally.js';
import { FakeDevice, turns } from '../fake-device.js';

const FITS = { way: 'unfragmented', why: 'it fits' } as const;
const CUT = { way: 'software-ufo', why: 'it does not' } as const;

function datagram(own: Partial<Datagram> = {}): Datagram {
  const one = {
    chosen: CUT,
    joined: 1,
    fragments: 3,
    fragmentsSent: 3,
    octets: 100,
    ident: 7,
    signal: undefined,
    taken: Datagram.prototype.taken,
    ...own,
  };
  return { ...one, result: () => one as unknown as SendResult } as unknown as Datagram;
}

describe('the tally of a stream', () => {
  it('adds up datagrams, and of those that were stopped the fragments that had gone', async () => {
    const counts = new StreamCounts();
    const tally = new Tally('packet-socket', { counts });
    for (let times = 0; times < 4; times++) tally.begin();
    tally.settled(datagram(), null);
    tally.settled(datagram({ chosen: FITS, fragments: 1, octets: 10, ident: 9 }), null);
    tally.settled(datagram({ fragmentsSent: 2 }), { error: new Error('first') });
    tally.settled(datagram({ fragmentsSent: 0 }), { error: new Error('second') });
    const { datagrams, failed, fragments, strayFragments, octets, idents, ways } = counts;
    assert.deepEqual([datagrams, failed, fragments, strayFragments, octets], [2, 2, 6, 2, 110]);
    assert.deepEqual(idents, { first: 7, last: 9 });
    assert.deepEqual(ways, [CUT, FITS]);
    assert.match(String(tally.failure!.error), /first/);
    await assert.rejects(tally.finish(new FakeDevice()), (error: Error & { summary?: { fragments: number } }) => {
      assert.match(error.message, /first/);
      assert.equal(error.summary!.fragments, 6);
      return true;
    });
  });

  it('is idle when all that was handed over is settled, and not before', async () => {
    const tally = new Tally('packet-socket', {});
    await tally.idle();
    for (let times = 0; times < 3; times++) tally.begin();
    let idle = false;
    const waiting = tally.idle().then(() => {
      idle = true;
    });
    tally.settled(datagram(), null);
    tally.refused();
    await turns(3);
    assert.equal(idle, false);
    tally.settled(datagram(), null);
    await waiting;
    const { datagrams, failed, ways } = await tally.finish(new FakeDevice());
    assert.deepEqual([datagrams, failed, ways], [2, 1, [CUT]]);
  });

  it('tells of each, but not of those that their signal took back while they waited', () => {
    const told: [string, number][] = [];
    const tally = new Tally('packet-socket', {
      onDatagram: ({ octets }) => told.push(['sent', octets]),
      onStopped: ({ octets }) => told.push(['stopped', octets]),
    });
    const stop = new AbortController();
    const reason = new Error('enough');
    const { signal } = stop;
    tally.settled(datagram({ octets: 1, signal }), null);
    tally.settled(datagram({ octets: 2, signal }), { error: reason });
    stop.abort(reason);
    tally.settled(datagram({ octets: 3, signal }), { error: reason });
    tally.settled(datagram({ octets: 4, signal }), { error: new Error('another') });
    tally.settled(datagram({ octets: 5 }), { error: reason });
    assert.deepEqual(told, [
      ['sent', 1],
      ['stopped', 2],
      ['stopped', 4],
      ['stopped', 5],
    ]);
  });

  it('takes what a listener throws for the failure of the stream', () => {
    const tally = new Tally('packet-socket', {
      onDatagram: () => {
        throw new Error('mine');
      },
    });
    tally.begin();
    tally.settled(datagram(), null);
    assert.match(String(tally.failure!.error), /mine/);
  });
});
