import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { datagramText, summaryText } from '../../src/verify/report.js';
import { Verifier } from '../../src/verify/verifier.js';
import type { Frame } from '../../src/wire/frame.js';
import { flow4, flow6, fragments, frame, pattern, udpPacket, whole } from './build.js';

function told(frames: readonly Frame[], captureLost: number | null = null): string {
  const verifier = new Verifier({ hash: false });
  const verdicts = [...verifier.push(frames), ...verifier.end()];
  return [...verdicts.map(datagramText), summaryText(verifier.summary({ captureLost }))].join('\n');
}
const raw = (octets: readonly Uint8Array[]): Frame[] => octets.map((one) => frame(one));

describe('the report for people', () => {
  it('has a line a datagram, and counts one in the singular', () => {
    const one = { ...flow4, ident: 7 };
    assert.equal(
      told(raw([whole(one, udpPacket(one, pattern(1)))])),
      'good       192.0.2.1:1111 > 192.0.2.2:9999  UDP id 7  1 octet, unfragmented\n' +
        'good: 1 datagram (1 good, 0 bad, 0 incomplete) of 0 fragments in 1 frame',
    );
    const six = fragments(flow6, udpPacket(flow6, pattern(100)), 64).slice(1);
    assert.equal(
      told(raw(six), 1),
      'incomplete 2001:db8::1 > 2001:db8::2  UDP id 2309737967  1 fragment, missing [0, 64), frame 1\n' +
        '           note: given up: the capture ended\n' +
        'inconclusive: 1 datagram (0 good, 0 bad, 1 incomplete) of 1 fragment in 1 frame, 1 frame lost by the capture',
    );
  });

  it('tells of copies, of checksums that are not good, of holes and of what was not looked at', () => {
    const none = { ...flow4, ident: 8 };
    const unsummed = udpPacket(none, pattern(100));
    unsummed.fill(0, 6, 8);
    const copied = fragments(none, unsummed, 64);
    assert.match(
      told(raw([...copied, copied[0]!, copied[0]!])),
      /100 octets, 2 fragments, 2 duplicates, checksum none\n/,
    );
    const many = { ...flow4, ident: 9 };
    const every = fragments(many, udpPacket(many, pattern(200)), 16);
    const holed = every.filter((_, i) => i % 2 === 0 && i < every.length - 1);
    assert.match(
      told(raw(holed)),
      /6 fragments, missing \[16, 32\) \[48, 64\) \[80, 96\) \[112, 128\) and 2 more, frames 1 … 6\n/,
    );
    const esp = whole({ ...flow4, protocol: 50 }, pattern(40));
    const cut = { ...frame(whole(flow4, udpPacket(flow4, pattern(40))), 0, 19) };
    const text = told([...raw([esp, esp]), cut]);
    assert.match(text, /^inconclusive: 0 datagrams .* in 3 frames$/m);
    assert.match(text, /^not judged: 2 frames that datagrams may hide in \(2 of protocol 50\)$/m);
    assert.match(text, /^not judged: 1 frame that the capture cut within the headers$/m);
    const unknown = { ...flow4, protocol: 200 };
    const other = told(raw(fragments(unknown, pattern(100), 64)));
    assert.match(
      other,
      /^reassembled 192\.0\.2\.1 > 192\.0\.2\.2 {2}protocol 200 id 4660 {2}100 octets, 2 fragments, frames 1 … 2$/m,
    );
    assert.match(other, /1 reassembled\).*\nnot judged: what 1 datagram of other protocols carry/);
  });

  it('tells which family a header was to be of that ends early', () => {
    const [four, six] = [flow4, flow6].map((flow) => whole(flow, udpPacket(flow, pattern(40))).subarray(0, 12));
    const verifier = new Verifier({ hash: false });
    const verdicts = [...verifier.push(raw([four!, six!, four!, six!])), ...verifier.end()];
    assert.deepEqual(
      verdicts.map(({ family, verdict, mismatches }) => [family, verdict, mismatches[0]]),
      [4, 6, 4, 6].map((family) => [
        family,
        'bad',
        `IPv${family} header got 12 octets, want ${family === 4 ? 20 : 40}`,
      ]),
    );
  });
});
