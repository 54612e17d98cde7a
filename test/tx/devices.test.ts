import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { SOL_XDP, XDP_MMAP_OFFSETS } from '../../src/host/constants.js';
import { UserMemory } from '../../src/memory/user-memory.js';
import { openAfXdp } from '../../src/tx/af-xdp/af-xdp.js';
import { openKernelUdp } from '../../src/tx/kernel-udp/kernel-udp.js';
import type { NetDevice } from '../../src/tx/net-device.js';
import { openPacketSocket } from '../../src/tx/packet/packet-socket.js';
import { openVirtioUfo } from '../../src/tx/packet/virtio-ufo.js';
import { answerRingOffsets, type FakeKernel, NEAR0, newKernel } from './fake-kernel.js';
import { to4 } from './rows.js';

/** NETIF_F_SG, NETIF_F_HW_CSUM, NETIF_F_UFO of netdev_features.h. */
const [SG, HW_CSUM, UFO] = [1, 8, 1 << 16];
const flow = to4();
const TO = { family: 4 as const, destination: flow.destination, source: flow.source };
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 9);

let kernel: FakeKernel;
beforeEach(() => {
  kernel = newKernel();
  kernel.answers['getsockopt'] = (...[, level, name, value, len]: unknown[]) =>
    level === SOL_XDP && name === XDP_MMAP_OFFSETS ? answerRingOffsets(value, len, [64, 128, 192, 256]) : 0;
});

const OPENERS: Readonly<Record<string, () => Promise<NetDevice>>> = {
  'packet-socket': () => openPacketSocket({ interface: NEAR0, destinationMac: MAC }),
  'virtio-ufo': () => openVirtioUfo({ interface: NEAR0, destinationMac: MAC }),
  'kernel-udp': () => openKernelUdp({ interface: NEAR0, family: 4 }),
  'af-xdp': () =>
    openAfXdp({ interface: NEAR0, destinationMac: MAC, memory: new UserMemory({ pages: 8, umemLen: 131_072 }) }),
};

/** features, writesHeaders, seenByCaptures, zerocopy, syscall, octets of link header */
const SAID: Readonly<Record<string, readonly [number, boolean, boolean, boolean, string, number]>> = {
  'packet-socket': [SG, true, true, false, 'sendmmsg', 14],
  'virtio-ufo': [SG | HW_CSUM | UFO, true, true, false, 'sendmmsg', 14],
  'kernel-udp': [SG, false, true, false, 'sendmmsg', 0],
  'af-xdp': [SG, true, false, false, 'sendto', 14],
};

describe('a device', () => {
  for (const [name, open] of Object.entries(OPENERS)) {
    it(`${name} says what it is, and that no user page goes out uncopied`, async () => {
      const device = await open();
      const header = await device.linkHeader(TO);
      const { features, writesHeaders, seenByCaptures, zerocopy, syscall } = device;
      assert.deepEqual([features, writesHeaders, seenByCaptures, zerocopy, syscall, header.length], SAID[name]);
      assert.deepEqual([device.name, device.driver, device.ifindex, device.mtu], ['near0', name, 7, 1500]);
      assert.deepEqual(device.lost(), { ...LOST, socket: name === 'kernel-udp' ? null : 0 });
      await device[Symbol.asyncDispose]();
      assert.equal(kernel.open.size, 0);
    });
  }
});

const LOST = { socket: 0, qdisc: 0, driver: 0, backlog: 0, neighbour: 0, unknown: 0 };
