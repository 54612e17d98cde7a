import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as ipv6 from '../../src/wire/ipv6.js';
import * as extension from '../../src/wire/ipv6-extension.js';
import { hex, poisoned, toHex, viewOf } from './helpers.js';

const SOURCE = '20010db8000000000000000000000001';
const DESTINATION = '20010db8000000000000000000000002';
const HOP_A = '20010db80000000000000000000000aa';
const HOP_B = '20010db80000000000000000000000bb';
const HEADER: ipv6.Ipv6Header = {
  trafficClass: 0xb9,
  flowLabel: 0xfedcb,
  payloadLen: 1460,
  nextHeader: 44,
  hopLimit: 63,
  source: hex(SOURCE),
  destination: hex(DESTINATION),
};
const GOLDEN = `6b9fedcb05b42c3f${SOURCE}${DESTINATION}`;

const HOP_BY_HOP = (next: string): string => `${next}00 0502 0000 0100`; // router alert, PadN
const ROUTING = (next: string): string => `${next}04 00 02 00000000 ${HOP_A} ${HOP_B}`;
const FRAGMENT = (next: string, word = '0001'): string => `${next}00 ${word} deadbeef`;
const DESTINATION_OPTIONS = (next: string): string => `${next}00 0104 00000000`;

function walk(chain: string, first: number): { ok: boolean; out: extension.ExtensionChain } {
  const payload = hex(chain);
  const packet = new Uint8Array(3 + 40 + payload.length + 4).fill(0xa5);
  const view = viewOf(packet);
  ipv6.emit(view, 3, { ...HEADER, payloadLen: payload.length, nextHeader: first });
  packet.set(payload, 43);
  const out = new extension.ExtensionChain();
  const ok = extension.walkExtensions(view, 3 + ipv6.NEXT_HEADER, 43, 43 + payload.length, out);
  return { ok, out };
}

describe('ipv6', () => {
  it('writes the golden bytes and nothing beside them', () => {
    const { bytes, view, base } = poisoned(40);
    assert.equal(ipv6.emit(view, base, HEADER), 40);
    assert.equal(toHex(bytes), `a5a5a5a5a5${GOLDEN}a5a5a5a5a5`);
  });

  it('reads them back, and nothing that is not whole', () => {
    const view = viewOf(hex(`00${GOLDEN}`));
    assert.deepEqual(ipv6.parse(view, 1, 40), HEADER);
    assert.equal(ipv6.parse(view, 1, 39), null);
    assert.equal(ipv6.parse(view, 0, 41), null);
  });
});

describe('an IPv6 header', () => {
  const line = '2001:db8::1 > 2001:db8::2  len 1460  hlim 63  next 44';

  it('is told in a line, its flow label where there is one', () => {
    assert.equal(ipv6.format({ ...HEADER, flowLabel: 0 }), line);
    assert.equal(ipv6.format({ ...HEADER, flowLabel: 1 }), `${line}  flow 0x00001`);
    assert.equal(ipv6.format(HEADER), `${line}  flow 0xfedcb`);
  });

  it('has each field in its place, wherever the header begins (RFC 8200 §3)', () => {
    const view = viewOf(hex(`ffffff 6ab 12345 0102 2b 40 ${SOURCE} ${DESTINATION}`));
    const { getVersion, getTrafficClass, getFlowLabel, getPayloadLen, getNextHeader, getHopLimit } = ipv6;
    assert.deepEqual(
      [getVersion, getTrafficClass, getFlowLabel, getPayloadLen, getNextHeader, getHopLimit].map((get) => get(view, 3)),
      [6, 0xab, 0x12345, 0x0102, 0x2b, 0x40],
    );
    assert.equal(toHex(ipv6.getSource(view, 3)), SOURCE);
    assert.equal(toHex(ipv6.getDestination(view, 3)), DESTINATION);
  });
});

describe('fragment header', () => {
  it('is told in a line', () => {
    const header = { nextHeader: 17, fragOff: 181, moreFrags: true, ident: 0xdeadbeef };
    assert.equal(extension.formatFragment(header, 1448), 'id 0xdeadbeef  offset  1448  len  1448  MF  next 17');
    const last = { nextHeader: 60, fragOff: 0, moreFrags: false, ident: 0x4d2 };
    assert.equal(extension.formatFragment(last, 8), 'id 0x000004d2  offset     0  len     8      next 60');
  });

  it('has a place for each bit: offset 13, reserved 2, M 1 (RFC 8200 §4.5)', () => {
    const view = viewOf(hex('ffff 11 00 fff8 01020304  3c ff 0007 fffffffe'));
    const fields = (base: number) => extension.parseFragment(view, base, 8);
    assert.deepEqual(fields(2), { nextHeader: 17, fragOff: 8191, moreFrags: false, ident: 0x01020304 });
    assert.deepEqual(fields(10), { nextHeader: 60, fragOff: 0, moreFrags: true, ident: 0xfffffffe });
  });

  it('is written and read, its reserved bits cleared', () => {
    const { bytes, view, base } = poisoned(8);
    const header = { nextHeader: 17, fragOff: 8191, moreFrags: true, ident: 0xdeadbeef };
    assert.equal(extension.emitFragment(view, base, header), 8);
    assert.equal(toHex(bytes), 'a5a5a5a5a5' + '1100fff9deadbeef' + 'a5a5a5a5a5');
    assert.deepEqual(extension.parseFragment(view, base, 8), header);
    assert.equal(extension.parseFragment(view, base, 7), null);
    extension.emitFragment(view, base, { nextHeader: 60, fragOff: 1, moreFrags: false, ident: 1 });
    assert.equal(toHex(bytes.subarray(base, base + 8)), '3c00000800000001');
  });
});

describe('walkExtensions', () => {
  it('walks hop-by-hop, destination, routing, fragment, destination, UDP', () => {
    const chain =
      HOP_BY_HOP('3c') +
      DESTINATION_OPTIONS('2b') +
      ROUTING('2c') +
      FRAGMENT('3c') +
      DESTINATION_OPTIONS('11') +
      '0457';
    const { ok, out } = walk(chain, extension.HOP_BY_HOP);
    assert.ok(ok);
    assert.deepEqual(
      { ...out },
      {
        status: 'ok',
        upperProtocol: 17,
        upperOffset: 43 + 8 + 8 + 40 + 8 + 8,
        hopByHopOffset: 43,
        routingOffset: 43 + 16,
        fragmentOffset: 43 + 56,
        perFragmentEnd: 43 + 56,
        perFragmentNextHeader: 43 + 16,
        jumboLen: 0,
      },
    );
  });

  it('ends the per-fragment part as RFC 8200 §4.5 says', () => {
    const table = [
      ['nothing', '', 17, 0, -1],
      ['hop-by-hop', HOP_BY_HOP('11'), 0, 8, 0],
      ['destination only: belongs to the receiver', DESTINATION_OPTIONS('11'), 60, 0, -1],
      ['hop-by-hop, destination', HOP_BY_HOP('3c') + DESTINATION_OPTIONS('11'), 0, 8, 0],
      ['destination, routing', DESTINATION_OPTIONS('2b') + ROUTING('11'), 60, 48, 8],
      ['routing, destination', ROUTING('3c') + DESTINATION_OPTIONS('11'), 43, 40, 0],
    ] as const;
    for (const [name, chain, first, len, link] of table) {
      const { ok, out } = walk(chain, first);
      assert.ok(ok, name);
      assert.equal(out.upperProtocol, 17, name);
      assert.equal(out.perFragmentEnd, 43 + len, name);
      assert.equal(out.perFragmentNextHeader, link < 0 ? 3 + ipv6.NEXT_HEADER : 43 + link, name);
    }
  });

  it('stops behind the fragment header of a later fragment', () => {
    const { ok, out } = walk(`${FRAGMENT('3c', '05a9')}ffff`, 44);
    assert.ok(ok);
    assert.equal(out.upperProtocol, 60);
    assert.equal(out.upperOffset, 51);
    assert.equal(out.fragmentOffset, 43);
  });

  it('steps over AH by words, ends at ESP and at no next header', () => {
    assert.equal(walk('1104 0000 00000001 00000001 000000000000000000000000', 51).out.upperOffset, 43 + 24);
    assert.equal(walk('00000001', 50).out.upperProtocol, extension.ESP);
    assert.equal(walk('', 59).out.upperProtocol, extension.NO_NEXT_HEADER);
  });

  it('knows how long a header is by its second octet, but for the fragment header, which has none', () => {
    const view = viewOf(hex('ff 11 02 ff'));
    const lens = (end: number) => [0, 43, 60, 51, 44].map((protocol) => extension.headerLenAt(view, protocol, 1, end));
    assert.deepEqual(lens(4), [24, 24, 24, 16, 8]);
    assert.deepEqual(lens(3), [24, 24, 24, 16, 8]);
    assert.deepEqual(lens(2), [0, 0, 0, 0, 8]);
    const all = Array.from({ length: 256 }, (_, protocol) => protocol);
    assert.deepEqual(all.filter(extension.isExtension), [0, 43, 44, 51, 60]);
  });

  it('has found nothing before it went', () => {
    assert.deepEqual(
      { ...new extension.ExtensionChain() },
      {
        ...{
          status: 'ok',
          upperProtocol: 59,
          upperOffset: 0,
          hopByHopOffset: -1,
          routingOffset: -1,
          fragmentOffset: -1,
        },
        ...{ perFragmentEnd: 0, perFragmentNextHeader: 0, jumboLen: 0 },
      },
    );
  });

  it('reads the jumbo payload length', () => {
    assert.equal(walk('1100 c204 00012345', 0).out.jumboLen, 0x12345);
    assert.equal(walk('1101 00 01020000 c204 00020000 000000', 0).out.jumboLen, 0x20000);
    assert.equal(walk('1100 c206 00012345', 0).out.jumboLen, 0);
  });

  it('forgets one chain for the next', () => {
    const jumbo = hex('1100 c204 00012345');
    const view = viewOf(Uint8Array.from([0, ...jumbo, 17]));
    const out = new extension.ExtensionChain();
    extension.walkExtensions(view, 0, 1, 9, out);
    assert.deepEqual([out.hopByHopOffset, out.jumboLen, out.upperOffset], [1, 0x12345, 9]);
    extension.walkExtensions(view, 9, 1, 9, out);
    const nothing = { ...new extension.ExtensionChain(), upperProtocol: 17, upperOffset: 1 };
    assert.deepEqual({ ...out }, { ...nothing, perFragmentEnd: 1, perFragmentNextHeader: 9 });
    extension.walkExtensions(viewOf(hex('2c 2c00 0001 00000000 2c00 0001 00000000')), 0, 1, 17, out);
    assert.equal(out.status, 'malformed');
    extension.walkExtensions(view, 9, 1, 9, out);
    assert.deepEqual([out.status, out.fragmentOffset], ['ok', -1]);
    extension.walkExtensions(viewOf(hex('2b 1100 00 00 00000000')), 0, 1, 9, out);
    assert.equal(out.routingOffset, 1);
    extension.walkExtensions(view, 9, 1, 9, out);
    assert.equal(out.routingOffset, -1);
  });

  it('reports a cut at any octet', () => {
    const chain = hex(HOP_BY_HOP('2b') + ROUTING('2c') + FRAGMENT('11'));
    for (let len = 0; len < chain.length; len++) {
      const { ok, out } = walk(toHex(chain.subarray(0, len)), 0);
      assert.equal(ok, false, `len ${len}`);
      assert.equal(out.status, 'truncated');
    }
    assert.ok(walk(toHex(chain), 0).ok);
  });

  it('calls malformed what must not be', () => {
    assert.equal(walk(DESTINATION_OPTIONS('00') + HOP_BY_HOP('11'), 60).out.status, 'malformed');
    assert.equal(walk(FRAGMENT('2c') + FRAGMENT('11'), 44).out.status, 'malformed');
    const atStart = viewOf(hex(`${FRAGMENT('2c') + FRAGMENT('11')}2c`)); // the octet that names the first stands behind
    const out = new extension.ExtensionChain();
    assert.equal(extension.walkExtensions(atStart, 16, 0, 16, out), false);
    assert.deepEqual([out.status, out.fragmentOffset], ['malformed', 0]);
  });

  it('takes any octets', () => {
    const first = fc.constantFrom(0, 43, 44, 51, 60, 17);
    const octet = fc.oneof(fc.nat(255), first, fc.nat(2));
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 120 }), first, (octets, protocol) => {
        const { ok, out } = walk(toHex(Uint8Array.from(octets)), protocol);
        assert.equal(ok, out.status === 'ok');
        assert.ok(out.perFragmentEnd >= 43 && out.upperOffset <= 43 + octets.length);
      }),
    );
  });
});
