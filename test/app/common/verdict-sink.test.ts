import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { VerdictSink } from '../../../src/app/common/verdict-sink.js';
import { FrameJudge } from '../../../src/verify/frame-judge.js';
import { FILE_HEADER_LEN } from '../../../src/wire/pcap-format.js';
import { flow4, fragments, frame, pattern, udpPacket } from '../../verify/build.js';
import { fileOf } from '../../verify/whole/both-ways.js';

const SECONDS = 1000;

/** Records of the datagram `ident`, five fragments. */
function recordsOf(ident: number) {
  const own = { ...flow4, ident };
  return fragments(own, udpPacket(own, pattern(300)), 64).map((octets) => {
    const file = fileOf([frame(octets, SECONDS)], 'pcap');
    return Buffer.from(file.subarray(FILE_HEADER_LEN));
  });
}

test('a datagram of which half is there at a tick is judged in one piece, unless nothing follows', () => {
  const looked = mock.method(FrameJudge.prototype, 'frame');
  const told = { interface: 'lo', filter: '', bufferSize: 0, mode: 'verdicts', tellGood: false } as const;
  const sink = new VerdictSink(told, null);
  sink.start(frame(recordsOf(1)[0]!, SECONDS).linktype);
  for (const ident of [1, 2]) {
    const [first, second, ...rest] = recordsOf(ident);
    sink.records(Buffer.concat([first!, second!]), 2);
    sink.tick(SECONDS * 1000);
    sink.records(Buffer.concat(rest), rest.length);
    sink.tick(SECONDS * 1000 + 20);
  }
  assert.equal(looked.mock.callCount(), 0);
  sink.records(recordsOf(3)[0]!, 1);
  sink.tick(SECONDS * 1000 + 40);
  assert.equal(looked.mock.callCount(), 0, 'the rest may be on its way');
  sink.tick(SECONDS * 1000 + 60);
  assert.equal(looked.mock.callCount(), 1);
  looked.mock.restore();
});
