import assert from 'node:assert/strict';
import { UfoError } from '../../../src/errors.js';
import { parseEndpoint, parseMac } from '../../../src/options/parse-address.js';
import { parseExtensionHeaders, parseVlans } from '../../../src/options/parse-headers.js';
import { parseHex } from '../../../src/options/parse-hex.js';
import { parseDuration, parseWhole } from '../../../src/options/parse-number.js';
import { parseSizes } from '../../../src/options/parse-payload.js';
import { parseRate } from '../../../src/options/parse-rate.js';
import { largestOf, sizeOf, smallestOf } from '../../../src/payload/sizes.js';
import { mutateText } from '../mutate.js';
import { type Target, textOf } from '../target.js';

const RANGE = { min: 0, max: 65_507 };

/** Each small language: what must be true of a value that it gives. */
const LANGUAGES: readonly ((text: string) => void)[] = [
  (text) => within(parseWhole(text, '--x', RANGE), RANGE.min, RANGE.max),
  (text) => within(parseDuration(text, '--x', 1, 3.6e6), 1, 3.6e6),
  (text) => within(parseRate(text, '--x').perSecond, Number.MIN_VALUE, 1e12),
  (text) => {
    const sizes = parseSizes(text, '--x', RANGE);
    within(smallestOf(sizes), RANGE.min, largestOf(sizes));
    for (const sequence of [0, 1, 2 ** 32 - 1]) within(sizeOf(sizes, 7, sequence), smallestOf(sizes), largestOf(sizes));
  },
  (text) => {
    const { host, port } = parseEndpoint(text, '--x', text.length % 2 === 0);
    assert.ok(host.length > 0 && !/[\s[\]]/.test(host));
    if (port !== undefined) within(port, 1, 65_535);
  },
  (text) => assert.equal(parseMac(text, '--x').length, 6),
  (text) => {
    for (const { tci } of parseVlans(text, '--x')) within(tci, 0, 65_535);
  },
  (text) => {
    for (const { octets } of parseExtensionHeaders(text, '--x')) within(octets.length, 0, 2048);
  },
  (text) => within(parseHex(text, '--x', 40).length, 0, 40),
];
const WORDS: readonly string[] = [
  ...['64k', '64Ki', '0x5dc', '1.5m', '500ms', '10s', '1.5Gbit', '500kfps', '10kdps', '8MBps', '1e5', '9'.repeat(30)],
  ...[
    '64-1500',
    '64,576,1500',
    'imix',
    '192.0.2.1:9',
    '[2001:db8::1]:9',
    'host.example:9',
    '[fe80::1%eth0]:9',
    '0x7f.1:1',
  ],
  ...['02:00:00:00:00:01', '100.5', '100,200', 'hop-by-hop=0000050200000000', 'destination=0000010400000000', '00 ff'],
];

/** The small languages of options: numbers, times, rates, sizes, flows, addresses, tags, headers. */
export const languages: Target = {
  name: 'languages',
  executions: 40_000,
  make: (random, corpus) =>
    mutateText(random.once(20) ? textOf(random.pick(corpus)) : random.pick(WORDS), random, WORDS),
  check: (input) => {
    for (const language of LANGUAGES) {
      try {
        language(textOf(input));
      } catch (error) {
        if (!(error instanceof UfoError) || error.code !== 'ERR_UFO_INVALID_ARGUMENT') throw error;
        assert.match(error.message, /--x/, 'does not name the option');
      }
    }
  },
};

function within(value: number, min: number, max: number): void {
  assert.ok(value >= min && value <= max, `${value} is not within ${min} … ${max}`);
}
