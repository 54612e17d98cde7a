import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Expectation } from '../../src/compare/expectation.js';
import type { ExpectedDatagram } from '../../src/compare/expected.js';
import { formatHead, formatSent, parseHead, parseSent, type SentHead } from '../../src/compare/file.js';

const HEADERS = { ttl: 64, tos: 0, checksum: 'computed' } as const;
const HEAD: SentHead = {
  interface: 'near0',
  machine: 'm',
  common: { source: '192.0.2.1', mtu: 1500, headers: HEADERS },
};
const SENT: ExpectedDatagram = {
  ...HEAD.common,
  ...{ ident: 7, fragments: 3, sizes: [[1480, 2]], payload: { seed: 1, sequence: 2, length: 2952 } },
};

describe('a file of what was sent', () => {
  it('reads as it was written, what all have in common once', () => {
    assert.deepEqual(parseHead(formatHead(HEAD)), { type: 'sent', version: 1, ...HEAD });
    const line = formatSent(SENT, HEAD.common);
    assert.doesNotMatch(line, /source|headers/);
    assert.deepEqual(parseSent(line, HEAD.common), SENT);
  });

  for (const [what, line] of [
    ['no JSON', 'hello'],
    ['an array', '[]'],
    ['another object', '{"type":"datagram"}'],
    ['another version', '{"type":"sent","version":2}'],
    ['half a head', '{"type":"sent","version":1}'],
  ] as const) {
    it(`is not ${what}`, () => assert.equal(typeof parseHead(line), 'string'));
  }

  it('may say what a later version knows: that is passed over, and an expectation takes the rest', () => {
    const later = { ...SENT, since: 2, headers: { ...HEADERS, hue: 'x' }, payload: { ...SENT.payload, hue: 'x' } };
    const sent = parseSent(JSON.stringify(later), HEAD.common);
    assert.deepEqual(sent, SENT);
    assert.equal(new Expectation([sent as ExpectedDatagram]).told, 1);
  });

  it('has a payload in every line', () => {
    for (const line of ['{}', '{"payload":{}}', '{"payload":{"length":1,"seed":1}}', 'x'])
      assert.equal(typeof parseSent(line, {}), 'string');
  });
});
