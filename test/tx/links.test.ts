import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Route } from '../../src/host/route.js';
import { anyLink } from '../../src/tx/any-link.js';
import { EthernetLink, type EthernetOptions } from '../../src/tx/ethernet-link.js';
import { LinkWatch } from '../../src/tx/link-watch.js';
import { isRawIp, RawIpLink } from '../../src/tx/raw-ip-link.js';
import { parseAddress } from '../../src/wire/address.js';
import { type FakeKernel, hex, NEAR0, newKernel } from './fake-kernel.js';

const LO = { ...NEAR0, name: 'lo', mac: '00:00:00:00:00:00', linkType: 'loopback', kind: null, mtu: 65_536 };
const TUN = { ...NEAR0, name: 'tun0', mac: null, linkType: 'none', kind: 'tun' };
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 9);
const TAG = { tpid: 0x8100, tci: 0x6064 };
const OUTER = { tpid: 0x88a8, tci: 0x00c8 };

let kernel: FakeKernel;
beforeEach(() => {
  kernel = newKernel();
});

function request(destination: string, source: string, route?: Partial<Route>) {
  const octets = (text: string): Uint8Array => parseAddress(text)!.octets;
  const family = destination.includes(':') ? (6 as const) : (4 as const);
  const known = route && ({ destination, interface: 'tun0', type: 'unicast', ...route } as Route);
  return { family, destination: octets(destination), source: octets(source), ...(known && { route: known }) };
}

describe('an Ethernet link', () => {
  const header = async (options: EthernetOptions, to = '192.0.2.2', from = '192.0.2.1'): Promise<string> =>
    hex(await new EthernetLink(NEAR0, { destinationMac: MAC, ...options }).header(request(to, from)));

  it('puts MACs, tags and the EtherType of the family in front', async () => {
    assert.equal(await header({}), '0200000000090200000000010800');
    assert.equal(await header({}, '2001:db8::2', '2001:db8::1'), '02000000000902000000000186dd');
    assert.equal(await header({ sourceMac: Uint8Array.of(4, 5, 6, 7, 8, 9) }), '0200000000090405060708090800');
    assert.equal(
      await header({ vlans: [OUTER, TAG] }),
      '020000000009' + '020000000001' + '88a800c8' + '81006064' + '0800',
    );
  });

  it('has room for one 802.1Q tag beside the MTU, and takes any other from the packet', () => {
    const of = (...vlans: (typeof TAG)[]) => {
      const link = new EthernetLink(NEAR0, { vlans });
      return [link.headerLen, link.mtu, link.maxFrameLen(1500), link.maxFrameLen(1400), link.protocol(6)];
    };
    assert.deepEqual(of(), [14, 1500, 1514, 1414, 0x86dd]);
    assert.deepEqual(of(TAG), [18, 1500, 1518, 1418, 0x8100]);
    assert.deepEqual(of(TAG, TAG), [22, 1496, 1518, 1418, 0x8100]);
    assert.deepEqual(of(OUTER), [18, 1496, 1514, 1414, 0x88a8]);
  });

  it('refuses MACs of other lengths, and interfaces that have none', () => {
    for (const name of ['destinationMac', 'sourceMac'] as const)
      assert.throws(() => new EthernetLink(NEAR0, { [name]: MAC.subarray(1) }), { message: new RegExp(`^${name}:`) });
    assert.throws(() => new EthernetLink(TUN, {}), { code: 'ERR_UFO_UNSUPPORTED', message: /tun0.*type none/ });
    assert.equal(new EthernetLink(TUN, { sourceMac: MAC }).mtu, 1500);
  });

  it('on lo has nobody’s MAC, where the kernel takes what comes from there', async () => {
    const link = new EthernetLink(LO, {});
    const refused = (to: string, from: string, hint: RegExp) =>
      assert.rejects(link.header(request(to, from)), { code: 'EHOSTUNREACH', hint });
    await refused('192.0.2.1', '192.0.2.1', /sysctl -w net\.ipv4\.conf\.lo\.accept_local=1$/);
    await refused('127.0.0.1', '192.0.2.1', /accept_local=1 net\.ipv4\.conf\.lo\.route_localnet=1$/);
    kernel.files['/proc/sys/net/ipv4/conf/lo/accept_local'] = '1\n';
    assert.equal(hex(await link.header(request('192.0.2.1', '192.0.2.1'))), `${'0'.repeat(24)}0800`);
    await refused('192.0.2.1', '127.0.0.1', /sysctl -w net\.ipv4\.conf\.lo\.route_localnet=1$/);
    kernel.files['/proc/sys/net/ipv4/conf/all/route_localnet'] = '1\n';
    await link.header(request('127.0.0.1', '127.0.0.1'));
    kernel.files['/proc/sys/net/ipv4/conf/lo/accept_local'] = '0\n';
    await refused('192.0.2.1', '192.0.2.1', /accept_local/);
    assert.equal(hex(await link.header(request('::1', '::1'))), `${'0'.repeat(24)}86dd`);
  });

  it('leads to no address of this host', async () => {
    const link = new EthernetLink(NEAR0, {});
    await assert.rejects(link.header(request('192.0.2.1', '192.0.2.1', { interface: 'near0', type: 'local' })), {
      ...{ code: 'EHOSTUNREACH', message: /this very host.*near0/ },
    });
  });
});

describe('a link that begins at IP', () => {
  it('has no header, and no place for MACs and tags', async () => {
    const link = new RawIpLink(TUN, {});
    assert.deepEqual([link.headerLen, link.mtu, link.headless, link.maxFrameLen(1400)], [0, 1500, true, 1400]);
    assert.deepEqual([link.protocol(4), link.protocol(6)], [0x0800, 0x86dd]);
    assert.equal((await link.header(request('192.0.2.2', '192.0.2.1', {}))).length, 0);
    for (const options of [{ destinationMac: MAC }, { sourceMac: MAC }, { vlans: [TAG] }])
      assert.throws(() => new RawIpLink(TUN, options), { message: /none on tun0: a link of type none/ });
    await assert.rejects(link.header(request('192.0.2.1', '192.0.2.1', { type: 'local' })), { code: 'EHOSTUNREACH' });
  });

  it('is what tun, ppp and the IP tunnels have, and nothing with a MAC or of another kind', () => {
    for (const linkType of ['none', 'ppp', 'ipip', 'tunnel6', 'sit', 'gre', 'gre6', 'rawip'])
      assert.ok(isRawIp({ ...TUN, linkType }), linkType);
    assert.ok(!isRawIp({ ...TUN, linkType: 'infiniband' }));
    assert.ok(!isRawIp({ ...TUN, mac: '02:00:00:00:00:01' }));
    assert.ok(anyLink(TUN, {}) instanceof RawIpLink);
    assert.ok(anyLink(NEAR0, {}) instanceof EthernetLink);
  });
});

describe('a look at an interface as it is now', () => {
  it('tells its MTU, and the last one known where it has gone', () => {
    const watch = new LinkWatch('near0', 1500);
    kernel.mtu = 1400;
    assert.equal(watch.mtu(), 1400);
    kernel.fail('ioctl', 'ENODEV');
    assert.equal(watch.mtu(), 1400);
    assert.equal(watch.works(), false);
    kernel.heal();
    for (const [flags, works] of [
      [0x41, true],
      [0x40, false],
      [0x01, false],
      [0x1043, true],
    ] as const) {
      kernel.flags = flags;
      assert.equal(watch.works(), works, `${flags}`);
    }
    watch.close();
    watch.close();
    assert.equal(kernel.open.size, 0);
  });

  it('asks by a name of at most fifteen octets', () => {
    const asked: string[] = [];
    kernel.answers['ioctl'] = (...[, , ifreq]: unknown[]) => {
      asked.push(Buffer.from((ifreq as Uint8Array).subarray(0, 16)).toString('latin1'));
      return 0;
    };
    new LinkWatch('a-name-that-is-too-long', 1500).mtu();
    assert.deepEqual(asked, ['a-name-that-is-\0']);
  });
});
