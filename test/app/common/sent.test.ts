import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SentLog } from '../../../src/app/common/sent.js';
import type { ExpectedDatagram } from '../../../src/compare/expected.js';
import { makePayload } from '../../../src/payload/generated.js';
import { sha256 } from '../../../src/payload/sha256.js';
import type { SendResult } from '../../../src/socket/flight/datagram.js';
import type { PathInfo } from '../../../src/socket/path/info.js';
import { PATH } from './path.js';

const RESULT: SendResult = {
  ...{ way: 'software-ufo', why: '', driver: 'raw-socket', ident: 7 },
  ...{ gsoSize: 1480, fragments: 3, fragmentsSent: 3, octets: 3000 },
};

function told(work: (log: SentLog) => void, path = PATH, hash = false): ExpectedDatagram[] {
  const all: ExpectedDatagram[] = [];
  work(new SentLog(path, (one) => all.push(one), { hash }));
  return all;
}

describe('what was sent', () => {
  it('is expected with its header fields, its cut and its payload', () => {
    const [one] = told((log) => {
      log.begin(makePayload(3000, 5, 0));
      log.sent(RESULT);
    });
    assert.deepEqual(one!.sizes, [
      [1480, 2],
      [48, 1],
    ]);
    assert.deepEqual([one!.fragments, one!.ident, one!.headers], [3, 7, PATH.headers]);
    assert.deepEqual(one!.payload, { seed: 5, sequence: 0, length: 3000 });
  });

  it('behind IPv6 headers that are cut with it counts them where it is cut, and not where it is one packet', () => {
    const path: PathInfo = { ...PATH, family: 6, headerLen: 48, chainLen: 16 };
    const [cut, whole] = told((log) => {
      for (const size of [3000, 100]) log.begin(makePayload(size, 5, 0));
      log.sent({ ...RESULT, gsoSize: 1440 });
      log.sent({ ...RESULT, way: 'unfragmented', ident: null, fragments: 1, octets: 100 });
    }, path);
    const lens = [cut!, whole!].map(({ sizes }) => sizes!.reduce((sum, [octets, times]) => sum + octets * times, 0));
    assert.deepEqual(lens, [16 + 8 + 3000, 8 + 100]);
  });

  it('is known by digest where it says nothing of itself, and by hash for another machine', () => {
    const octets = Buffer.from('file');
    const [one] = told(
      (log) => {
        log.begin(octets);
        log.sent({ ...RESULT, way: 'unfragmented', fragments: 1, gsoSize: 0, octets: 4 });
      },
      PATH,
      true,
    );
    assert.ok(!('seed' in one!.payload));
    assert.deepEqual([one!.fragments, one!.payload.sha256, one!.payload.digest?.length], [0, sha256(octets), 16]);
  });

  it('is cut by the kernel so that the last piece may fill the MTU', () => {
    const path = { ...PATH, mtu: 1003 };
    const len = 976 + 983 - 8;
    const [one] = told((log) => {
      log.begin(makePayload(len, 5, 0));
      log.sent({ ...RESULT, way: 'kernel-ip', ident: null, gsoSize: 976, fragments: 3, octets: len });
    }, path);
    assert.deepEqual(
      [one!.fragments, one!.sizes],
      [
        2,
        [
          [976, 1],
          [983, 1],
        ],
      ],
    );
  });

  it('stays in step with datagrams that were stopped, of which only what had gone is expected', () => {
    const all = told((log) => {
      for (let sequence = 0; sequence < 4; sequence++) log.begin(makePayload(3000, 5, sequence));
      log.sent(RESULT);
      log.stopped({ ...RESULT, ident: 8, fragmentsSent: 0 });
      log.stopped({ ...RESULT, ident: 9, fragmentsSent: 2 });
      log.sent({ ...RESULT, ident: 10 });
    });
    assert.deepEqual(
      all.map(({ ident, stoppedAfter }) => [ident, stoppedAfter]),
      [
        [7, undefined],
        [9, 2],
        [10, undefined],
      ],
    );
    assert.deepEqual(
      all.map(({ payload }) => 'seed' in payload && payload.sequence),
      [0, 2, 3],
    );
  });
});
