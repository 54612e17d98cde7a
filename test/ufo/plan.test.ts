import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UfoError } from '../../src/errors.js';
import { makePayload } from '../../src/payload/generated.js';
import type { FragmentPlan, PlanContext, PlannedFragment } from '../../src/ufo/plan.js';
import { segment } from '../../src/ufo/segment-datagram.js';
import { type Frame, frameData } from '../../src/wire/frame.js';

type Apply = FragmentPlan['apply'];

const V4 = { source: { address: '192.0.2.1', port: 1111 }, destination: { address: '192.0.2.2', port: 9999 } };
const V6 = { source: { address: '2001:db8::1', port: 1111 }, destination: { address: '2001:db8::2', port: 9999 } };
const plan = (apply: Apply): FragmentPlan => ({ text: 'test', apply });
const octets = (frames: Iterable<Frame>): string[] =>
  [...frames].map((frame) => Buffer.from(frameData(frame)).toString('hex'));

describe('a plan', () => {
  const ways = [
    { what: 'IPv4', ...V4 },
    { what: 'IPv6', ...V6 },
    { what: 'IPv4 with options', ...V4, options: Uint8Array.of(0x94, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0) },
    {
      what: 'IPv6 with extension headers',
      ...V6,
      extensionHeaders: [
        { type: 0, octets: Uint8Array.of(0, 0, 5, 2, 0, 0, 1, 0) },
        { type: 60, octets: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) },
      ],
    },
    { what: 'Ethernet', ...V4, linkHeader: Uint8Array.from({ length: 14 }, (_, i) => i) },
  ];
  for (const { what, ...way } of ways) {
    for (const len of [0, 1, 1400, 1452, 2961, 65_000]) {
      it(`finds ${len} octets by ${what} as they would have gone out without it`, () => {
        const payload = makePayload(len, 7, 3);
        const request = { ...way, payload, mtu: 1500, ident: 77 };
        const given: PlannedFragment[][] = [];
        const keep = plan((fragments) => {
          given.push([...fragments]);
          return fragments;
        });
        const plain = octets(segment(request));
        assert.deepEqual(octets(segment({ ...request, plan: keep })), plain);
        assert.equal(given[0]!.length, plain.length);
      });
    }
  }

  it('says what goes out and in which order, and when', () => {
    const payload = makePayload(4000, 7, 3);
    const request = { ...V4, payload, ident: 77 };
    const [a, b, c] = [...segment(request)].map(frameData);
    const own = Uint8Array.of(1, 2, 3);
    const twisted = plan(([first, , last]) => [
      { ...last!, delay: 1250 },
      { ...first!, delay: 0.5 },
      last!,
      { header: first!.header, payload: own, delay: 0 },
    ]);
    const frames = [...segment({ ...request, plan: twisted })];
    assert.deepEqual(frames.map(frameData).map(Buffer.from), [
      Buffer.from(c!),
      Buffer.from(a!),
      Buffer.from(c!),
      Buffer.concat([a!.subarray(0, 20), own]),
    ]);
    assert.ok(b!.length > 0);
    assert.deepEqual(
      frames.map(({ seconds, nanoseconds }) => [seconds, nanoseconds]),
      [
        [1, 250_000_000],
        [1, 250_500_000],
        [1, 250_500_000],
        [1, 250_500_000],
      ],
    );
    assert.deepEqual([...segment({ ...request, plan: plan(() => []) })], []);
    for (const { seconds, nanoseconds } of segment(request)) assert.deepEqual([seconds, nanoseconds], [0, 0]);
  });

  it('is told family, link header, MTU, ident and the sum of the pseudo-header', () => {
    const seen: PlanContext[] = [];
    const look = plan((fragments, context) => {
      seen.push(context);
      return fragments;
    });
    const payload = new Uint8Array(10);
    [...segment({ ...V6, payload, mtu: 1280, ident: 5, plan: look })];
    [...segment({ ...V4, payload, ident: 6, linkHeader: new Uint8Array(18), plan: look })];
    assert.deepEqual(seen, [
      { family: 6, linkLen: 0, mtu: 1280, ident: 5, pseudoSum: 0x5b86 },
      { family: 4, linkLen: 18, mtu: 1500, ident: 6, pseudoSum: 0x8415 },
    ]);
  });

  const wrong: readonly [what: string, fragment: unknown, named: RegExp][] = [
    ['no header', { header: new Uint8Array(0), payload: new Uint8Array(8), delay: 0 }, /^plan: header of fragment 0/],
    ['text', { header: 'text', payload: new Uint8Array(8), delay: 0 }, /^plan: header of fragment 0/],
    ['no payload', { header: new Uint8Array(20), payload: undefined, delay: 0 }, /^plan: payload of fragment 0/],
    [
      'NaN',
      { header: new Uint8Array(20), payload: new Uint8Array(8), delay: Number.NaN },
      /^plan: delay of fragment 0/,
    ],
    ['the past', { header: new Uint8Array(20), payload: new Uint8Array(8), delay: -1 }, /^plan: delay of fragment 0/],
  ];
  for (const [what, fragment, message] of wrong) {
    it(`is refused where it makes ${what} of a fragment`, () => {
      const bad = plan(() => [fragment as PlannedFragment]);
      assert.throws(
        () => [...segment({ ...V4, payload: new Uint8Array(4000), plan: bad })],
        (error) => {
          assert.ok(error instanceof UfoError);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});
