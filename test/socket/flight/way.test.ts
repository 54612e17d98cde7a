import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PagePool } from '../../../src/memory/page-pool.js';
import { UserMemory } from '../../../src/memory/user-memory.js';
import { NETIF_F_HW_CSUM, NETIF_F_SG, NETIF_F_UFO } from '../../../src/skb/features.js';
import { createFlow, type FlowOptions } from '../../../src/skb/flow.js';
import { allocSkb, type SkBuff, skbPut, skbReserve } from '../../../src/skb/skbuff.js';
import { checkPlannable, chooseWay, plannedFor, rightIpv4Header } from '../../../src/socket/flight/way.js';
import type { NetDevice } from '../../../src/tx/net-device.js';
import { headersRoom, ipMakeSkb } from '../../../src/ufo/make-skb.js';
import type { FragmentPlan, PlanContext, PlannedFragment } from '../../../src/ufo/plan.js';
import { flow4 as packet4, pattern, udpPacket, whole } from '../../verify/build.js';

const ENDS = {
  4: { source: '192.0.2.1', destination: '192.0.2.2' },
  6: { source: '2001:db8::1', destination: '2001:db8::2' },
} as const;
const UFO = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_UFO;

function skbOf(family: 4 | 6, len: number, options: Partial<FlowOptions> = {}): SkBuff {
  const flow = createFlow({ ...ENDS[family], sourcePort: 1, destinationPort: 2, mtu: 1500, ...options });
  const skb = allocSkb(new PagePool(new UserMemory({ pages: 4 })), headersRoom(flow) + len);
  skbReserve(skb, headersRoom(flow));
  skbPut(skb, len);
  ipMakeSkb(skb, flow, 7);
  return skb;
}

const device = (own: Partial<NetDevice> = {}): NetDevice =>
  ({ name: 'x0', driver: 'virtio-ufo', features: UFO, writesHeaders: true, ...own }) as NetDevice;
const why = (skb: SkBuff, own: Partial<NetDevice> = {}, fixed = false): string =>
  Object.values(chooseWay(device(own), skb, fixed)).join(': ');

describe('the way of a datagram', () => {
  it('is whole where it fits, and the kernel’s where that writes the headers', () => {
    assert.match(why(skbOf(4, 1472)), /^unfragmented: /);
    assert.match(why(skbOf(4, 1472), { writesHeaders: false }), /^kernel-ip: /);
    assert.match(why(skbOf(6, 5000), { writesHeaders: false }), /^kernel-ip: /);
  });

  it('is handed over whole where nothing speaks against it, and says who cuts', () => {
    for (const family of [4, 6] as const) {
      assert.equal(why(skbOf(family, 5000)), 'kernel-ufo: handed over whole, the kernel cuts before the driver');
      assert.equal(why(skbOf(family, 5000), { ufoKind: 'device-ufo' }), 'device-ufo: x0 offers UDP fragmentation');
      assert.match(
        why(skbOf(family, 5000), { ufoRefusal: (of) => `not over IPv${of}` }),
        new RegExp(`^software-ufo: not over IPv${family}$`),
      );
      assert.match(why(skbOf(family, 5000), { ufoRefusal: () => null }), /^kernel-ufo/);
      assert.match(why(skbOf(family, 5000), { features: NETIF_F_SG }), /^software-ufo: /);
      assert.match(why(skbOf(family, 5000, { checksum: false })), /^software-ufo: without a UDP checksum/);
    }
  });

  it('is our own cut where the kernel would do it wrongly', () => {
    const options = (text: string): Partial<FlowOptions> => ({ options: Buffer.from(text, 'hex') });
    assert.match(why(skbOf(4, 5000, options('94040000'))), /^kernel-ufo/); // copied into each
    assert.match(why(skbOf(4, 5000, options('01010100'))), /^kernel-ufo/); // nothing to copy
    assert.match(why(skbOf(4, 5000, options('0704040000000000'))), /^software-ufo: the kernel would repeat/);
    assert.match(why(skbOf(4, 5000, options('83070400000000'.concat('00')))), /^(software|kernel)-ufo/);
    assert.match(why(skbOf(4, 5000, options('830704c000020900'))), /^software-ufo: the kernel sums/);
    const extensionHeaders = [{ type: 60, octets: Buffer.from('0000010400000000', 'hex') }];
    assert.match(why(skbOf(6, 5000, { extensionHeaders })), /^software-ufo: .*miscounts/);
    assert.match(why(skbOf(6, 5000), {}, true), /^software-ufo: the kernel picks IPv6 fragment ids itself/);
    assert.match(why(skbOf(4, 5000), {}, true), /^kernel-ufo/);
  });
});

describe('a plan', () => {
  const planned = (header: Uint8Array): FragmentPlan => ({
    text: 'mine',
    apply: () => [{ header, payload: new Uint8Array(0), delay: 0 } as unknown as PlannedFragment],
  });
  const context = (family: 4 | 6): PlanContext => ({ family, linkLen: 0 }) as unknown as PlanContext;

  it('is refused where the kernel makes the fragments, and where it would put headers right', () => {
    checkPlannable(device());
    assert.throws(() => checkPlannable(device({ writesHeaders: false })), { code: 'ERR_UFO_UNSUPPORTED' });
    const right = whole(packet4, udpPacket(packet4, pattern(10)));
    const wrong = right.slice();
    wrong[10]! ^= 1;
    const rights = device({ rightsIpv4Headers: true });
    assert.equal(plannedFor(device(), planned(wrong)).apply([], context(4)).length, 1);
    assert.equal(plannedFor(rights, planned(right)).apply([], context(4)).length, 1);
    assert.equal(plannedFor(rights, planned(wrong)).apply([], context(6)).length, 1);
    assert.throws(() => plannedFor(rights, planned(wrong)).apply([], context(4)), { code: 'ERR_UFO_UNSUPPORTED' });
  });

  it('has a right IPv4 header where the kernel leaves it as it is', () => {
    const right = whole(packet4, udpPacket(packet4, pattern(10)));
    assert.equal(rightIpv4Header(right), true);
    assert.equal(rightIpv4Header(right, right.length - 1), false);
    assert.equal(rightIpv4Header(right.subarray(0, 20), right.length), true);
    assert.equal(rightIpv4Header(right.subarray(0, 19), right.length), false);
    assert.equal(
      rightIpv4Header(Uint8Array.of(0x46, ...right.subarray(1, 20)), right.length),
      false,
      'options are missing',
    );
    const without = (from: number, to: number): Uint8Array => {
      const octets = right.slice();
      const view = new DataView(octets.buffer);
      const sum = view.getUint16(10) + sumOf(octets.subarray(from, to)); // as if they had been 0 from the first
      octets.fill(0, from, to);
      view.setUint16(10, (sum & 0xffff) + (sum >>> 16));
      return octets;
    };
    assert.equal(rightIpv4Header(without(8, 9)), true); // a TTL of 0 is the caller's
    assert.equal(rightIpv4Header(without(4, 6)), false);
    assert.equal(rightIpv4Header(without(12, 16)), false);
  });
});

function sumOf(octets: Uint8Array): number {
  let sum = 0;
  for (const [i, octet] of octets.entries()) sum += i % 2 === 0 ? octet * 256 : octet;
  return (sum & 0xffff) + (sum >>> 16);
}
