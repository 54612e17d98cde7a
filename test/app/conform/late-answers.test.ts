import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeArrival } from '../../../src/app/common/arrival.js';
import { askOverlaps } from '../../../src/app/conform/ask-overlaps.js';
import { type Echo, Echoes } from '../../../src/app/conform/echoes.js';
import { pairCases } from '../../../src/app/conform/overlap.js';
import type { Answer, Prober } from '../../../src/app/conform/prober.js';
import { Receiver } from '../../../src/app/conform/receiver.js';
import { probeOf, taggedUnits } from '../../../src/app/conform/tagged.js';

const probesOf = (echoes: readonly Echo[]): number[] => echoes.map(({ payload }) => probeOf(payload));

describe('an answer that is late', () => {
  it('is none to the question that is open by then', () => {
    const echoes = new Echoes();
    const from = performance.now();
    for (const probe of [0x2001, 0x2002]) echoes.hear(taggedUnits(probe, 0, 0, 4));
    assert.deepEqual(probesOf(echoes.to([0x2002], from)), [0x2002]);
    assert.deepEqual(probesOf(echoes.to([0x2001, 0x2002], from)), [0x2001, 0x2002]);
    assert.deepEqual(echoes.to([0x2001], performance.now() + 1), []);
    assert.equal(echoes.reports, false);
  });

  it('is known where the plan turned its words, and by the head that a report tells', () => {
    const echoes = new Echoes();
    const units = taggedUnits(0x2001, 0, 0, 4);
    for (const words of [1, 2, 3]) {
      echoes.hear(Buffer.concat([units.subarray(2 * words), units.subarray(0, 2 * words)]));
    }
    const told = { seed: -1, sequence: -1, length: 32, intact: null, order: 0, source: '::1', sourcePort: 9 };
    echoes.hear(encodeArrival({ ...told, packets: null, head: Buffer.from(units).toString('hex') }));
    echoes.hear(encodeArrival({ ...told, packets: null })); // of parts only
    assert.equal(echoes.to([0x2001], 0).length, 4);
    assert.equal(echoes.to([0x2002], 0).length, 0);
    assert.equal(echoes.reports, true);
  });

  it('counts where its case was asked again meanwhile', async () => {
    const cases = pairCases().slice(0, 3);
    const heard = new Echoes();
    const late: Uint8Array[] = [];
    let ident = 0x2000;
    let rounds = 0;
    const prober = {
      path: { family: 4 },
      nextIdent: () => ++ident,
      send: async (payload: Uint8Array) => {
        if (payload.length < 1000 && rounds === 0) late.push(payload);
        else if (payload.length >= 1000) heard.hear(payload); // a plain datagram is answered at once
      },
      answer: async (idents: readonly number[], from: number, _ms: number, enough: (answer: Answer) => boolean) => {
        if (idents.length > 1 && ++rounds === 2) for (const payload of late) heard.hear(payload);
        const answer = { frames: null, echoes: heard.to(idents, from), icmp: [] };
        enough(answer);
        return answer;
      },
    };
    const signal = new AbortController().signal;
    const mixtures = await askOverlaps(new Receiver(prober as unknown as Prober, 'echo', signal), cases);
    assert.deepEqual([rounds, mixtures.includes('none')], [2, false]);
  });
});
