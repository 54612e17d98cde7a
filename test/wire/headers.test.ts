import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatAddress, isMulticast, parseAddress } from '../../src/wire/address.js';
import * as ethernet from '../../src/wire/ethernet.js';
import * as udp from '../../src/wire/udp.js';
import * as virtio from '../../src/wire/virtio-net-hdr.js';
import { hex, poisoned, toHex, viewOf } from './helpers.js';

const MARGIN = 'a5a5a5a5a5';

describe('udp', () => {
  const header = { sourcePort: 1111, destinationPort: 9999, length: 65_515, checksum: 0xfffe };

  it('writes and reads the golden bytes', () => {
    const { bytes, view, base } = poisoned(8);
    assert.equal(udp.emit(view, base, header), 8);
    assert.equal(toHex(bytes), `${MARGIN}0457270fffebfffe${MARGIN}`);
    assert.deepEqual(udp.parse(view, base, 8), header);
    assert.equal(udp.parse(view, base, 7), null);
  });

  it('is told in a line', () => {
    assert.equal(udp.format(header), 'udp 1111 > 9999  len 65515');
  });
});

describe('virtio_net_hdr', () => {
  const header = {
    flags: virtio.F_NEEDS_CSUM,
    gsoType: virtio.GSO_UDP,
    hdrLen: 42,
    gsoSize: 1480,
    csumStart: 34,
    csumOffset: udp.CHECKSUM,
  };

  it('writes the golden bytes, little-endian', () => {
    const { bytes, view, base } = poisoned(10);
    assert.equal(virtio.emit(view, base, header), 10);
    assert.equal(toHex(bytes), `${MARGIN}01032a00c80522000600${MARGIN}`);
  });
});

describe('ethernet', () => {
  const plain = { destination: hex('02005e005302'), source: hex('02005e005301'), vlans: [], etherType: 0x0800 };
  const tagged = { ...plain, vlans: [{ tpid: ethernet.TPID_VLAN, tci: 0x6064 }], etherType: 0x86dd };
  const stacked = { ...plain, vlans: [{ tpid: ethernet.TPID_QINQ, tci: 0x0fff }, ...tagged.vlans] };
  const table = [
    ['untagged', plain, '02005e00530202005e0053010800'],
    ['VLAN', tagged, '02005e00530202005e00530181006064' + '86dd'],
    ['QinQ', stacked, '02005e00530202005e00530188a80fff81006064' + '0800'],
  ] as const;

  for (const [name, header, golden] of table) {
    it(`writes and reads the golden bytes: ${name}`, () => {
      const len = golden.length / 2;
      const { bytes, view, base } = poisoned(len);
      assert.equal(ethernet.emit(view, base, header), len);
      assert.equal(ethernet.headerLen(header), len);
      assert.equal(toHex(bytes), MARGIN + golden + MARGIN);
      assert.deepEqual(ethernet.parse(view, base, len), header);
      for (let cut = 0; cut < len; cut++) assert.equal(ethernet.parse(view, base, cut), null, `cut at ${cut}`);
    });
  }

  it('is no header where the view ends within a tag', () => {
    const octets = hex('02005e00530202005e0053018100');
    for (const more of [0, 1]) {
      const cut = viewOf(Uint8Array.from([...octets, ...new Uint8Array(more)]));
      assert.equal(ethernet.parse(cut, 0, cut.byteLength), null);
    }
  });

  it('has tags of 802.1Q, 802.1ad and of before it; all else is no tag', () => {
    for (const tpid of [0x8100, 0x88a8, 0x9100]) {
      assert.ok(ethernet.isTag(tpid));
      for (const tci of [0, 1, 0x6064, 0xffff]) assert.ok(ethernet.isVlanTag({ tpid, tci }), `${tpid} ${tci}`);
      for (const tci of [-1, 0x1_0000, 1.5, undefined, '1']) assert.ok(!ethernet.isVlanTag({ tpid, tci }), `${tci}`);
    }
    for (const tpid of [0x0800, 0x86dd, 0x8101, 0x9101, 0x88a9, 0]) assert.ok(!ethernet.isTag(tpid));
    for (const wrong of [undefined, null, 7, {}, { tci: 1 }, { tpid: 0x0800, tci: 1 }])
      assert.ok(!ethernet.isVlanTag(wrong), JSON.stringify(wrong));
  });

  it('names the EtherType of either IP', () => {
    assert.deepEqual([ethernet.etherTypeOf(4), ethernet.etherTypeOf(6)], [0x0800, 0x86dd]);
  });

  it('knows the parts of a tag: priority 3 bits, drop eligible 1, id 12', () => {
    assert.equal(ethernet.vlanId({ tpid: ethernet.TPID_VLAN, tci: 0x6064 }), 100);
    const tags = [0x0064, 0x2064, 0x60c8, 0xe000, 0x1001, 0xffff].map((tci) => ({ tpid: ethernet.TPID_VLAN, tci }));
    assert.equal(ethernet.formatVlans(tags), '100,100.1,200.3,0.7,1,4095.7');
    assert.equal(ethernet.formatVlans([]), '');
  });

  it('is told in a line', () => {
    const ends = '02:00:5e:00:53:01 > 02:00:5e:00:53:02';
    assert.equal(ethernet.format(plain), `${ends}  0x0800`);
    assert.equal(ethernet.format(tagged), `${ends}  vlan 100.3  0x86dd`);
    assert.equal(ethernet.format(stacked), `${ends}  vlan 4095,100.3  0x0800`);
    assert.equal(ethernet.format({ ...plain, etherType: 6 }), `${ends}  0x0006`);
  });

  it('reads and writes MAC addresses', () => {
    assert.deepEqual(ethernet.parseMac('02:00:5E:00:53:01'), hex('02005e005301'));
    assert.deepEqual(ethernet.parseMac('02-00-5e-00-53-01'), hex('02005e005301'));
    assert.equal(ethernet.formatMac(hex('ff02005e005301'), 1), '02:00:5e:00:53:01');
    assert.equal(ethernet.formatMac(hex('02005e005301ff')), '02:00:5e:00:53:01');
    for (const wrong of [
      '',
      '02:00:5e:00:53',
      '02:00:5e:00:53:01:02',
      '02:00-5e:00:53:01',
      '2:0:5e:0:53:1',
      '02005e005301',
    ])
      assert.equal(ethernet.parseMac(wrong), null, wrong);
  });
});

describe('address', () => {
  const canonical = [
    ['192.0.2.1', 4, 'c0000201'],
    ['0.0.0.0', 4, '00000000'],
    ['2001:db8::1', 6, '20010db8000000000000000000000001'],
    ['::', 6, '00000000000000000000000000000000'],
    ['2001:db8::1:0:0:1', 6, '20010db8000000000001000000000001'],
    ['2001:db8:0:1:1:1:1:1', 6, '20010db8000000010001000100010001'],
    ['::ffff:192.0.2.1', 6, '00000000000000000000ffffc0000201'],
  ] as const;
  for (const [text, family, octets] of canonical) {
    it(`reads and writes ${text}`, () => {
      assert.deepEqual(parseAddress(text), { family, octets: hex(octets) });
      assert.equal(formatAddress(hex(octets)), text);
      assert.equal(formatAddress(hex(`ff${octets}ff`), 1, family), text);
    });
  }

  it('tells multicast by its first octet: 224.0.0.0/4 and ff00::/8', () => {
    const isGroup = (text: string): boolean => isMulticast(parseAddress(text)!);
    assert.deepEqual(['224.0.0.0', '239.255.255.255', 'ff00::', 'ff02::1'].map(isGroup), [true, true, true, true]);
    const single = ['223.255.255.255', '240.0.0.0', '255.255.255.255', 'fe80::1', '::ff', 'e000::', '0.0.0.224'];
    assert.deepEqual(single.filter(isGroup), []);
  });

  it('writes an IPv4 address mapped into IPv6 as such, and no other (RFC 5952 §5)', () => {
    assert.equal(formatAddress(hex('00000000000000000000ffff0a010203')), '::ffff:10.1.2.3');
    assert.equal(formatAddress(hex('000000000000000000000000 0a010203')), '::a01:203');
  });

  it('reads what is not canonical, and zones', () => {
    assert.deepEqual(parseAddress('2001:DB8:0:0:0:0:0:1')?.octets, hex(canonical[2][2]));
    assert.deepEqual(parseAddress('fe80::1%eth0'), {
      family: 6,
      octets: hex(`fe80${'00'.repeat(13)}01`),
      zone: 'eth0',
    });
  });

  it('guesses at nothing', () => {
    for (const text of [
      '',
      '1.2',
      '1',
      '010.0.0.1',
      '0x7f.0.0.1',
      '256.0.0.1',
      '1.2.3.4.5',
      ' 1.2.3.4',
      '1::2::3',
      '[::1]',
    ])
      assert.equal(parseAddress(text), null, text);
    for (const text of ['example.org', '::1/64', 'fe80::1%', '192.0.2.1:53', '12345::', 'g::'])
      assert.equal(parseAddress(text), null, text);
  });

  it('reads the source of a packet', () => {
    const view = viewOf(hex('4500001c00000000401100000a0102030a010204'));
    assert.equal(formatAddress(new Uint8Array(view.buffer), 12, 4), '10.1.2.3');
  });
});
