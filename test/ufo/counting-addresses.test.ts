import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NETIF_F_HW_CSUM, NETIF_F_SG, NETIF_F_UFO } from '../../src/skb/features.js';
import type { ExtensionHeader, Flow } from '../../src/skb/flow.js';
import { flowHeaders } from '../../src/ufo/flow-headers.js';
import type { DatagramVerdict } from '../../src/verify/verdict.js';
import { Verifier } from '../../src/verify/verifier.js';
import { LINKTYPE_RAW } from '../../src/wire/link-layer.js';
import { FakeDevice, fakeSocket } from '../socket/fake-device.js';
import { hex, noise } from '../wire/helpers.js';
import { Cutter, packetList } from './cut.js';
import { DESTINATION, flow4, flow6, HOP, SEGMENTS } from './flows.js';

const cutter = new Cutter();
/** Destination options with the home address 2001:db8::77 (RFC 6275 §6.3), padded to 24 octets. */
const HOME: ExtensionHeader = { type: 60, octets: hex(`00 02 0102 0000 c910 20010db8${'00'.repeat(11)}77`) };
const LSRR = hex('83 07 04 c6336409 01');
const LSRR_USED = hex('83 07 08 c6336409 01');

function judge(flow: Flow, len: number): DatagramVerdict {
  const verifier = new Verifier();
  const frames = packetList(cutter.cut(flow, 7, noise(len, 1))).map((bytes) => ({
    ...{ bytes, offset: 0, caplen: bytes.length, len: bytes.length, linktype: LINKTYPE_RAW },
    ...{ seconds: 1, nanoseconds: 0 },
  }));
  return [...verifier.push(frames), ...verifier.end()][0]!;
}

describe('the addresses that count for the checksum', () => {
  for (const len of [100, 4000]) {
    it(`are the home address's for ${len} octets (RFC 6275 11.3.1)`, () => {
      for (const extensionHeaders of [[HOME], [HOP, HOME], [SEGMENTS, HOME], [HOME, DESTINATION]]) {
        const verdict = judge(flow6({ extensionHeaders }), len);
        assert.equal(verdict.verdict, 'good', verdict.mismatches.join());
        assert.equal(verdict.udp!.checksum, 'good');
      }
    });
  }

  it('stand in every fragment where they are not those of the header', () => {
    const packets = packetList(cutter.cut(flow6({ extensionHeaders: [HOME, DESTINATION] }), 7, noise(4000, 1)));
    assert.equal(flowHeaders(flow6({ extensionHeaders: [HOME, DESTINATION] })).networkLen, 64);
    for (const packet of packets) assert.deepEqual([packet[6], packet[40]], [60, 44]);
  });

  it('are known to be the header’s own, or not', () => {
    const own = (flow: Flow): boolean => flowHeaders(flow).sumsOwnAddresses;
    assert.ok(own(flow4()) && own(flow6()) && own(flow6({ extensionHeaders: [HOP, DESTINATION] })));
    assert.ok(own(flow4({ options: LSRR_USED })));
    assert.ok(!own(flow4({ options: LSRR })));
    assert.ok(!own(flow6({ extensionHeaders: [HOME] })) && !own(flow6({ extensionHeaders: [SEGMENTS] })));
  });

  it('decide that software cuts, since the kernel sums with the header’s', async () => {
    const features = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_UFO;
    for (const [options, way] of [
      [LSRR, 'software-ufo'],
      [LSRR_USED, 'kernel-ufo'],
    ] as const) {
      await using socket = await fakeSocket(new FakeDevice({ features }), { options });
      const result = await socket.send(noise(20_000, 1));
      assert.equal(result.way, way, result.why);
    }
  });
});
