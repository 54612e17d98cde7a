import assert from 'node:assert/strict';
import { parseArrival } from '../../../src/app/common/arrival.js';
import { comparePolicies, parsePolicy } from '../../../src/app/conform/policy.js';
import { Expectation } from '../../../src/compare/expectation.js';
import { parseHead, parseSent } from '../../../src/compare/file.js';
import { ownsVerdict } from '../../../src/compare/flow.js';
import { makePayload } from '../../../src/payload/generated.js';
import { comparisonText } from '../../../src/report/comparison-text.js';
import { Verifier } from '../../../src/verify/verifier.js';
import { flow4, flow6, fragments, frame, udpPacket, whole } from '../../verify/build.js';
import { mutateText } from '../mutate.js';
import type { Random } from '../random.js';
import { type Target, textOf } from '../target.js';

/** What verdicts an expectation file is held against. */
const VERDICTS = [flow4, flow6].flatMap((flow) => {
  const verifier = new Verifier({ sightings: true });
  const packet = udpPacket(flow, makePayload(100, 1, 0));
  const frames = [...fragments(flow, packet, 48), whole({ ...flow, ident: 9 }, udpPacket(flow, makePayload(40, 1, 1)))];
  return [...verifier.push(frames.map((octets) => frame(octets))), ...verifier.end()];
});

const SENT = {
  ...{ way: 'software-ufo', ident: 4660, source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 1111 },
  ...{
    destinationPort: 9999,
    fragments: 3,
    sizes: [
      [48, 2],
      [12, 1],
    ],
    mtu: 1500,
    stoppedAfter: 1,
  },
  headers: {
    ttl: 64,
    tos: 0,
    df: false,
    flowLabel: 5,
    vlan: '',
    options: '',
    extensionHeaders: '',
    checksum: 'computed',
  },
  payload: { seed: 1, sequence: 0, length: 100 },
};
const HEAD = {
  type: 'sent',
  version: 1,
  interface: 'near0',
  machine: 'm',
  common: { source: '192.0.2.1', destinationPort: 9999 },
};
const POLICY = {
  ...{
    format: 'udp-ufo overlap policy',
    version: 1,
    family: 4,
    target: 'h',
    date: 'd',
    line: 'l',
    names: ['a'],
    ids: [],
  },
  ...{ cells: { 'equals, A first, first before, last behind': 'old' }, triples: { a: 'b' } },
};
const ARRIVAL = {
  ...{ seed: 1, sequence: 2, length: 3, intact: true, order: 4, source: '192.0.2.1', sourcePort: 5 },
  packets: {
    fragments: 1,
    duplicates: 0,
    first: true,
    last: true,
    inOrder: true,
    sizes: [[8, 1]],
    ttl: 64,
    dontFragment: false,
    optionsLen: 0,
    ident: 1,
  },
};

/** Files and messages in JSON: of what was sent, of policies, and of how a datagram arrived. */
export const json: Target = {
  name: 'json',
  executions: 25_000,
  make: (random, corpus) => {
    if (random.once(20)) return mutateText(textOf(random.pick(corpus)), random);
    const one = random.pick([SENT, POLICY, ARRIVAL]);
    const value = mutateValue(one, random);
    const text = one === ARRIVAL ? `udp-ufo arrival ${JSON.stringify(value)}` : (JSON.stringify(value) ?? '');
    const lines = one === SENT ? `${JSON.stringify(random.once(3) ? mutateValue(HEAD, random) : HEAD)}\n${text}` : text;
    return random.once(3) ? mutateText(lines, random, ['null', '1e999', '{}', '[]', '"', '__proto__']) : lines;
  },
  check: (input) => {
    const text = textOf(input);
    checkExpectation(text.split('\n'));
    const policy = parsePolicy(text);
    if (policy !== null) for (const other of [policy, { cells: {} }]) comparePolicies(policy, other);
    const arrival = parseArrival(new TextEncoder().encode(text));
    if (arrival !== null) assert.ok(arrival.packets === null || arrival.packets.sizes.every(([octets]) => octets >= 0));
  },
};

function checkExpectation([first, ...lines]: readonly string[]): void {
  const head = parseHead(first ?? '');
  if (typeof head === 'string') return;
  const { common } = head;
  const expectation = new Expectation([], { owns: (verdict) => ownsVerdict(common, verdict) });
  for (const line of lines) {
    const sent = parseSent(line, common);
    if (typeof sent !== 'string') expectation.add(sent);
  }
  for (const verdict of VERDICTS) expectation.take(verdict);
  const result = expectation.result({ captureLost: null });
  const { good, bad, incomplete, missing, stopped } = result;
  for (const count of [good, bad, incomplete, missing, stopped]) assert.ok(Number.isInteger(count) && count >= 0);
  assert.ok(comparisonText(result).every((line) => typeof line === 'string'));
}

const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53,
  1e300,
  '',
  'x',
  [],
  {},
  [[]],
  [[1]],
  [null],
  { a: 1 },
];

/** The same with a value somewhere replaced, or gone. */
function mutateValue(value: unknown, random: Random): unknown {
  if (random.once(6)) return random.pick(VALUES);
  if (typeof value !== 'object' || value === null) return random.once(3) ? random.pick(VALUES) : value;
  const entries = Object.entries(value);
  const at = random.below(entries.length + 1);
  const changed = entries.flatMap(([key, one], i) => {
    if (i !== at) return [[key, one] as const];
    return random.once(4) ? [] : [[key, mutateValue(one, random)] as const];
  });
  return Array.isArray(value) ? changed.map(([, one]) => one) : Object.fromEntries(changed);
}
