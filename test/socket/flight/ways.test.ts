import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePayload } from '../../../src/payload/generated.js';
import { featureNames, NETIF_F_HW_CSUM, NETIF_F_SG, NETIF_F_UFO } from '../../../src/skb/features.js';
import { SKB_GSO_UDP } from '../../../src/skb/shared-info.js';
import { CHECKSUM_NONE, CHECKSUM_PARTIAL } from '../../../src/skb/skbuff.js';
import type { SendResult } from '../../../src/socket/flight/datagram.js';
import type { UfoSocket } from '../../../src/socket/socket.js';
import { checkFragments, plainSum } from '../../ufo/check-fragments.js';
import { flow4, flow6 } from '../../ufo/flows.js';
import { FakeDevice, fakeSocket, type Seen } from '../fake-device.js';

const COMBINATIONS = [0, 1, 2, 3, 4, 5, 6, 7].map(
  (bits) =>
    ((bits & 1) !== 0 ? NETIF_F_SG : 0) |
    ((bits & 2) !== 0 ? NETIF_F_HW_CSUM : 0) |
    ((bits & 4) !== 0 ? NETIF_F_UFO : 0),
);
const KINDS = ['copy', 'pages', 'foreign'] as const;
type Kind = (typeof KINDS)[number];
const FITS = 1000;
const CUT = 20_001;

describe('the way of a datagram, for every combination of features', () => {
  for (const features of COMBINATIONS) {
    for (const family of [4, 6] as const) {
      for (const len of [FITS, CUT]) {
        for (const kind of KINDS) {
          const name = `${featureNames(features).join(' ') || 'no features'}, IPv${family}, ${len === FITS ? 'fits' : 'must be cut'}, ${kind}`;
          it(name, () => check(features, family, len, kind));
        }
      }
    }
  }
});

async function check(features: number, family: 4 | 6, len: number, kind: Kind): Promise<void> {
  const sg = (features & NETIF_F_SG) !== 0;
  const csum = (features & NETIF_F_HW_CSUM) !== 0;
  const device = new FakeDevice({ features });
  await using socket = await fakeSocket(device, { type: family === 4 ? 'udp4' : 'udp6' });
  const payload = makePayload(len, 7, 3);
  const { result, zerocopy } = await sendAs(socket, kind, payload);

  const want = wanted(features, family, len);
  assert.equal(result.way, want.way);
  assert.match(result.why, want.why);
  assert.equal(result.octets, len);
  assert.equal(result.fragmentsSent, result.fragments);
  const whole = want.way !== 'software-ufo';
  assert.equal(device.seen.length, whole ? 1 : result.fragments);
  for (const seen of device.seen) {
    assert.equal(seen.gsoType, want.way === 'kernel-ufo' ? SKB_GSO_UDP : 0);
    assert.equal(seen.gsoSize, result.gsoSize);
    assert.equal(seen.ipSummed, csum && whole ? CHECKSUM_PARTIAL : CHECKSUM_NONE);
    // A device without SG gets everything in the head; one with it gets pages as they are, and copies of more than a page.
    assert.equal(seen.dataLen, sg && (kind !== 'copy' || len === CUT) ? len : 0);
    assert.equal(seen.zcopy, sg && kind !== 'copy');
  }
  if (kind !== 'copy') assert.equal(zerocopy, sg);
  if (whole) checkWhole(device.seen[0]!, family, payload, csum);
  else checkCut(device.seen, family, payload, result);
}

/** The rules, written down once more. */
function wanted(features: number, family: 4 | 6, len: number): { way: string; why: RegExp } {
  if (len === FITS) return { way: 'unfragmented', why: /fits the MTU/ };
  if ((features & NETIF_F_UFO) === 0) return { way: 'software-ufo', why: /no NETIF_F_UFO/ };
  if ((features & NETIF_F_SG) === 0) return { way: 'software-ufo', why: /NETIF_F_UFO without NETIF_F_SG/ };
  if (family === 6 && (features & NETIF_F_HW_CSUM) === 0)
    return { way: 'software-ufo', why: /IPv6 needs NETIF_F_HW_CSUM/ };
  return { way: 'kernel-ufo', why: /handed over whole/ };
}

async function sendAs(socket: UfoSocket, kind: Kind, payload: Uint8Array) {
  if (kind === 'copy') return { result: await socket.send(payload), zerocopy: null };
  if (kind === 'foreign') {
    const result = await socket.send([payload.subarray(0, 333), payload.subarray(333)], { zerocopy: true });
    return { result, zerocopy: result.zerocopy };
  }
  return sendPages(socket, payload);
}

async function sendPages(socket: UfoSocket, payload: Uint8Array) {
  using pages = await socket.allocPages(payload.length);
  pages.write(payload);
  const { sent, completed } = socket.sendPages(pages);
  return { result: await sent, ...(await completed) };
}

function checkCut(seen: readonly Seen[], family: 4 | 6, payload: Uint8Array, { ident }: SendResult): void {
  const bytes = Buffer.concat(seen.map(({ frame }) => frame));
  const start = [0];
  for (const { frame } of seen) start.push(start.at(-1)! + frame.length);
  const flow = family === 4 ? flow4() : flow6();
  const set = { name: '', flow, laterOptions: new Uint8Array(0), perFragment: 0, final: flow.destination };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  checkFragments({ bytes, view, start }, { set, ident: ident!, payload });
}

/** One packet: lengths, the payload, and the sum over all of it, or the pseudo-header's alone where the device sums. */
function checkWhole({ frame }: Seen, family: 4 | 6, payload: Uint8Array, partial: boolean): void {
  const view = new DataView(frame.buffer);
  const ipLen = family === 4 ? 20 : 40;
  const udpLen = 8 + payload.length;
  assert.equal(frame.length, ipLen + udpLen);
  assert.equal(family === 4 ? view.getUint16(2) : view.getUint16(4), family === 4 ? ipLen + udpLen : udpLen);
  assert.equal(view.getUint16(ipLen + 4), udpLen);
  assert.ok(Buffer.from(frame.subarray(ipLen + 8)).equals(payload));
  const addresses = family === 4 ? 8 : 32;
  const pseudo = plainSum(view, ipLen - addresses, addresses, 17 + udpLen);
  if (partial) assert.equal(view.getUint16(ipLen + 6), pseudo);
  else assert.equal(plainSum(view, ipLen, udpLen, pseudo), 0xffff);
}
