import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ERRNO } from '../../../src/errors.js';
import type { Flow } from '../../../src/skb/flow.js';
import { SKB_GSO_UDP, SKB_GSO_UDP_L4 } from '../../../src/skb/shared-info.js';
import { CHECKSUM_PARTIAL } from '../../../src/skb/skbuff.js';
import { openVirtioUfo } from '../../../src/tx/packet/virtio-ufo.js';
import { type FakeKernel, hex, NEAR0, newKernel, octetsAt, type SentMessage } from '../fake-kernel.js';
import { batchOf, pushFrame, to4, to6 } from '../rows.js';

const linkHeader = new Uint8Array(14);
const [flow4, flow6] = [to4({ linkHeader }), to6({ linkHeader })];
/** What a virtio_net_hdr says of a frame that is to be left as it is. */
const NOTHING = { flags: 0, gsoType: 0, hdrLen: 0, gsoSize: 0, csumStart: 0, csumOffset: 0 };

let kernel: FakeKernel;
beforeEach(() => {
  kernel = newKernel();
  kernel.answers['sendto'] = () => kernel.refuse('ENOBUFS');
});

/** `struct virtio_net_hdr` of `<linux/virtio_net.h>` in front of a frame, little-endian. */
function headerOf({ octets }: Pick<SentMessage, 'octets'>) {
  const [flags, gsoType] = octets;
  const view = new DataView(octets.buffer, octets.byteOffset);
  const [hdrLen, gsoSize, csumStart, csumOffset] = [2, 4, 6, 8].map((at) => view.getUint16(at, true));
  return { flags, gsoType, hdrLen, gsoSize, csumStart, csumOffset };
}

/** Datagrams whose checksum is still to be computed, to be cut at `gsoSize` octets of IP payload. */
function gsoBatch(gsoSize: number, ...flows: readonly Flow[]) {
  const batch = batchOf(...flows);
  for (const skb of batch.skbs) {
    skb.ipSummed = CHECKSUM_PARTIAL;
    skb.networkHeader = 100;
    skb.transportHeader = 100 + (skb.flow!.family === 4 ? 20 : 40);
    skb.csumOffset = 6;
    Object.assign(skb.shinfo, { gsoType: SKB_GSO_UDP, gsoSize });
  }
  return batch;
}

describe('virtio-ufo', () => {
  it('puts a header in front of each frame that says where the checksum goes and how to cut', async () => {
    const device = await openVirtioUfo({ interface: NEAR0 });
    const batch = gsoBatch(1480, flow4, flow6);
    const rows = [pushFrame(batch, 0, 42, 3000), pushFrame(batch, 1, 62, 3000)];
    batch.skbs[1]!.shinfo.gsoSize = 1448;
    assert.equal(device.xmit(batch, 0), 2);
    assert.deepEqual(
      kernel.sent.map(({ octets }) => hex(octets.subarray(10))),
      rows.map((row) => hex(row)),
    );
    assert.deepEqual(kernel.sent.map(headerOf), [
      { flags: 1, gsoType: 3, hdrLen: 42, gsoSize: 1480, csumStart: 34, csumOffset: 6 },
      { flags: 1, gsoType: 3, hdrLen: 62, gsoSize: 1448, csumStart: 54, csumOffset: 6 },
    ]);
    assert.deepEqual(
      kernel.sent.map(({ name }) => name.slice(0, 16)),
      ['1100080007000000', '110086dd07000000'],
    );
  });

  it('says of a datagram in one piece only where its checksum goes, and nothing of a frame that has one', async () => {
    const device = await openVirtioUfo({ interface: NEAR0 });
    const batch = gsoBatch(1480, flow4, flow4);
    batch.skbs[1]!.ipSummed = 0;
    pushFrame(batch, 0, 42, 1472); // 8 + 1472 = 1480: all of it fits
    pushFrame(batch, 0, 42, 1473);
    pushFrame(batch, 1, 42, 1473);
    pushFrame(batch, 0, 42, 10);
    assert.equal(device.xmit(batch, 0), 4);
    const whole = { ...NOTHING, flags: 1, csumStart: 34, csumOffset: 6 };
    const cut = { ...whole, gsoType: 3, hdrLen: 42, gsoSize: 1480 };
    assert.deepEqual(kernel.sent.map(headerOf), [whole, cut, NOTHING, whole]);
  });

  it('refuses what the interface would have to cut longer than it sends now, and sends those in front', async () => {
    const device = await openVirtioUfo({ interface: NEAR0 });
    const batch = gsoBatch(1480, flow4);
    pushFrame(batch, 0, 42, 100);
    pushFrame(batch, 0, 42, 3000);
    kernel.mtu = 1499;
    assert.equal(device.xmit(batch, 0), 1);
    assert.equal(device.xmit(batch, 1), -ERRNO.EMSGSIZE);
    kernel.mtu = 1500;
    assert.equal(device.xmit(batch, 1), 1);
    const six = gsoBatch(1448, flow6); // 40 + 8 + 1448 = 1496, and 54 + 8 + 1448 in a frame
    pushFrame(six, 0, 62, 3000);
    kernel.mtu = 1496;
    assert.equal(device.xmit(six, 0), 1);
    kernel.mtu = 1495;
    assert.equal(device.xmit(six, 0), -ERRNO.EMSGSIZE);
  });

  it('counts what it gave in the packets that the interface will count', async () => {
    const device = await openVirtioUfo({ interface: NEAR0 });
    const batch = gsoBatch(1480, flow4, flow4);
    batch.skbs[1]!.shinfo.gsoType = 0;
    pushFrame(batch, 0, 42, 4440 - 8); // three of 1480
    pushFrame(batch, 0, 42, 4440 - 7); // four
    pushFrame(batch, 1, 42, 1000);
    assert.equal(device.xmit(batch, 0), 3);
    assert.equal(device.lost().unknown, 8);
    kernel.counted = { packets: 4, errors: 0, dropped: 1, backlog: 0 };
    assert.deepEqual([device.lost().qdisc, device.lost().unknown], [4, 0], 'one drop may be the largest datagram');
    kernel.counted.packets = 8;
    assert.equal(device.lost().unknown, 0);
  });

  it('counts wholes where the interface cuts by itself, and asks nothing of the kernel there', async () => {
    kernel.features = { 'tx-udp-segmentation': true, 'tx-udp-fragmentation': true };
    let probes = 0;
    kernel.answers['sendto'] = () => ++probes;
    const device = await openVirtioUfo({ interface: NEAR0 });
    assert.deepEqual(
      [device.ufoKind, probes, device.ufoRefusal(4), device.ufoRefusal(6)],
      ['device-ufo', 0, null, null],
    );
    const batch = gsoBatch(1480, flow4);
    pushFrame(batch, 0, 42, 5000);
    device.xmit(batch, 0);
    assert.equal(device.lost().unknown, 1);
  });

  it('learns from EINVAL of a datagram to be cut in fragments, and from nothing else', async () => {
    const device = await openVirtioUfo({ interface: NEAR0 });
    const batch = gsoBatch(1480, flow4, flow6);
    pushFrame(batch, 0, 42, 3000);
    kernel.fail('sendmmsg', 'EPERM');
    assert.equal(device.xmit(batch, 0), -ERRNO.EPERM);
    assert.equal(device.ufoRefusal(4), null);
    kernel.fail('sendmmsg', 'EINVAL');
    assert.equal(device.xmit(batch, 0), -ERRNO.EINVAL);
    assert.match(device.ufoRefusal(4)!, /near0.*EINVAL/);
    assert.equal(device.ufoRefusal(6), null);
    batch.skbs[0]!.shinfo.gsoType = 0;
    const other = await openVirtioUfo({ interface: NEAR0 });
    other.xmit(batch, 0);
    assert.equal(other.ufoRefusal(4), null, 'it was not to be cut');
  });

  it('has the kernel asked with a datagram that never goes out, once a kind and family, before anything is sent', async () => {
    const probes: { packet: Uint8Array; name: string; bypass: number | undefined; vnet: number | undefined }[] = [];
    kernel.answers['sendto'] = (...[fd, packet, len, flags, name, nameLen]: number[]) => {
      assert.equal(flags, 0x40); // MSG_DONTWAIT
      probes.push({
        packet: octetsAt(packet, len!),
        name: hex(octetsAt(name, nameLen!)),
        bypass: kernel.option(fd!, 263, 20),
        vnet: kernel.option(fd!, 263, 15),
      });
      return kernel.refuse(hex(octetsAt(name, nameLen!)).slice(4, 8) === '0800' ? 'ENOBUFS' : 'EINVAL');
    };
    const device = await openVirtioUfo({ interface: NEAR0 });
    kernel.answers['sendto'] = () => assert.fail('who sends may have dropped CAP_NET_RAW by now');
    assert.equal(device.ufoKind, 'kernel-ufo');
    assert.equal(device.ufoRefusal(4), null);
    assert.match(device.ufoRefusal(6)!, /refuses GSO_UDP for IPv6.*EINVAL/);
    assert.equal(device.usoRefusal(flow4, 1472), null);
    assert.match(device.usoRefusal(flow6, 1452)!, /refuses GSO_UDP_L4 for IPv6.*EINVAL/);
    assert.equal(probes.length, 4);
    assert.equal(kernel.open.size, 2, 'the socket, and the one that looks at the MTU');
    assert.equal(kernel.option([...kernel.open][0]!, 263, 15), 1); // PACKET_VNET_HDR
    for (const [i, { packet, name, bypass, vnet }] of probes.entries()) {
      const networkLen = i % 2 === 0 ? 20 : 40;
      assert.deepEqual([bypass, vnet, name.slice(4, 8)], [1, 1, i % 2 === 0 ? '0800' : '86dd']);
      const view = new DataView(packet.buffer);
      assert.deepEqual(headerOf({ octets: packet }), {
        flags: 1,
        gsoType: i < 2 ? 5 : 3,
        hdrLen: 14 + networkLen + 8,
        gsoSize: 512,
        csumStart: 14 + networkLen,
        csumOffset: 6,
      });
      assert.equal(packet.length, 10 + 14 + networkLen + 2008);
      assert.equal(hex(packet.subarray(10, 24)), `020000000000020000000000${i % 2 === 0 ? '0800' : '86dd'}`);
      assert.equal(hex(packet.subarray(24, 34)), i % 2 === 0 ? '450007ec000000000111' : '6000000007d81100' + '0000');
      assert.equal(view.getUint16(24 + networkLen + 4), 2008);
    }
    await device.close();
    await device.close();
    assert.equal(kernel.open.size, 0);
  });

  it('says of joined datagrams how long each is', async () => {
    kernel.answers['sendto'] = () => {
      kernel.counted.dropped += 1;
      return kernel.refuse('ENOBUFS');
    };
    const device = await openVirtioUfo({ interface: NEAR0 });
    assert.deepEqual([kernel.counted.dropped, device.lost().qdisc], [4, 0], 'the probes that were dropped are no loss');
    const batch = gsoBatch(1000, flow4);
    Object.assign(batch.skbs[0]!.shinfo, { gsoType: SKB_GSO_UDP_L4, gsoSegs: 3 });
    pushFrame(batch, 0, 42, 2500);
    assert.equal(device.xmit(batch, 0), 1);
    assert.deepEqual(headerOf(kernel.sent[0]!), {
      flags: 1,
      gsoType: 5,
      hdrLen: 42,
      gsoSize: 1000,
      csumStart: 34,
      csumOffset: 6,
    });
    const { qdisc, unknown } = device.lost();
    assert.deepEqual([qdisc, unknown], [0, 3]);
  });

  it('joins no more once the kernel refuses to cut joined ones apart, and does not take a full queue for that', async () => {
    for (const errno of ['EINVAL', 'EIO', 'EMSGSIZE', 'EOPNOTSUPP'] as const) {
      const device = await openVirtioUfo({ interface: NEAR0 });
      const batch = gsoBatch(1000, flow4);
      Object.assign(batch.skbs[0]!.shinfo, { gsoType: SKB_GSO_UDP_L4, gsoSegs: 3 });
      pushFrame(batch, 0, 42, 2500);
      for (const other of ['ENOBUFS', 'EPERM'] as const) {
        kernel.fail('sendmmsg', other);
        assert.equal(device.xmit(batch, 0), -ERRNO[other]);
        assert.equal(device.usoRefusal(flow4, 1472), null);
      }
      kernel.fail('sendmmsg', errno);
      assert.equal(device.xmit(batch, 0), -ERRNO[errno]);
      assert.match(device.usoRefusal(flow4, 1472)!, /refused joined datagrams .*near0 \(E/);
      assert.equal(device.usoRefusal(flow6, 1452), null);
      assert.equal(device.ufoRefusal(4), null, 'fragments are another question');
    }
  });

  it('does not join what needs no joining, or can be cut nowhere', async () => {
    const device = await openVirtioUfo({ interface: NEAR0 });
    assert.equal(device.usoRefusal(flow4, 1473), undefined);
    assert.equal(device.usoRefusal(flow6, 1453), undefined);
    assert.equal(device.usoRefusal({ ...flow4, options: new Uint8Array(4) }, 100), undefined);
    assert.match(device.usoRefusal({ ...flow4, checksum: false }, 100)!, /checksum/);
    kernel.features = { 'tx-udp-segmentation': true };
    kernel.answers['sendto'] = (...[, packet, len]: number[]) => {
      assert.equal(octetsAt(packet, len!)[1], 3, 'it would go out');
      return kernel.refuse('ENOBUFS');
    };
    const offloading = await openVirtioUfo({ interface: NEAR0 });
    assert.match(offloading.usoRefusal(flow4, 100)!, /near0 takes joined ones as they are/);
    assert.match(offloading.usoRefusal(flow6, 100)!, /near0 takes joined ones as they are/);
  });

  it('takes a lower interface that is down, and one that takes the datagram, for one that would cut', async () => {
    for (const answer of [() => kernel.refuse('ENETDOWN'), () => 2000]) {
      kernel.answers['sendto'] = answer;
      const device = await openVirtioUfo({ interface: NEAR0 });
      assert.deepEqual([device.ufoRefusal(4), device.ufoRefusal(6)], [null, null]);
    }
  });

  it('probes a link without a header by packets that begin at IP, and refuses PPP', async () => {
    const probes: Uint8Array[] = [];
    kernel.answers['sendto'] = (...[, packet, len]: number[]) => probes.push(octetsAt(packet, len!));
    await openVirtioUfo({ interface: { ...NEAR0, mac: null, linkType: 'none' } });
    assert.deepEqual(
      probes.map((probe) => [probe[10]! >> 4, probe.length, new DataView(probe.buffer).getUint16(6, true)]),
      [
        [4, 10 + 20 + 2008, 20],
        [6, 10 + 40 + 2008, 40],
        [4, 10 + 20 + 2008, 20],
        [6, 10 + 40 + 2008, 40],
      ],
    );
    await assert.rejects(openVirtioUfo({ interface: { ...NEAR0, mac: null, linkType: 'ppp' } }), /PPP/);
  });

  it('leaves nothing open where a step of opening it fails', async () => {
    for (const [call, after] of [
      ['setsockopt', 13],
      ['socket', 7],
      ['ioctl', 0],
    ] as const) {
      kernel = newKernel();
      kernel.answers['sendto'] = () => kernel.refuse('ENOBUFS');
      kernel.fail(call, 'EIO', { after });
      await assert.rejects(openVirtioUfo({ interface: NEAR0 }), { code: 'EIO' }, call);
      assert.equal(kernel.open.size, 0, call);
    }
  });

  it('waits for its socket, and tells after ENOBUFS that nothing is lost by it', async () => {
    const device = await openVirtioUfo({ interface: NEAR0 });
    const batch = gsoBatch(1480, flow4);
    pushFrame(batch, 0, 42, 10);
    kernel.fail('sendmmsg', 'ENOBUFS', { times: 1 });
    assert.equal(device.xmit(batch, 0), -ERRNO.ENOBUFS);
    kernel.counted.dropped = 1;
    assert.equal(device.lost().qdisc, 0);
    let polls = 0;
    kernel.answers['poll'] = () => ++polls;
    await device.writable();
    assert.equal(polls, 0);
    assert.equal(device.xmit(batch, 0), 1);
    await device.writable();
    assert.equal(polls, 1);
  });
});
