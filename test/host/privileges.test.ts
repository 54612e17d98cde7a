import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detectConntrack } from '../../src/host/conntrack.js';
import {
  explainEperm,
  inFirstUserNamespace,
  parseCapabilities,
  parseMemlockLimit,
  readPrivileges,
} from '../../src/host/privileges.js';
import { userNamespaces } from '../../src/host/user-namespaces.js';

const reader = (files: Readonly<Record<string, string>>) => (path: string) => files[path] ?? null;

describe('privileges', () => {
  it('capabilities are bits of CapEff', () => {
    const status = (mask: string) =>
      `Name:\tnode\nCapPrm:\tffffffffffffffff\nCapEff:\t${mask}\nCapBnd:\tffffffffffffffff\n`;
    assert.deepEqual([...parseCapabilities(status('0000000000000000'))], []);
    assert.deepEqual([...parseCapabilities(status('0000000000003000'))], ['CAP_NET_ADMIN', 'CAP_NET_RAW']);
    assert.deepEqual([...parseCapabilities(status('0000008000204000'))], ['CAP_IPC_LOCK', 'CAP_SYS_ADMIN', 'CAP_BPF']);
    assert.deepEqual([...parseCapabilities('')], []);
  });

  it('a user namespace shows in uid_map', () => {
    assert.equal(inFirstUserNamespace('         0          0 4294967295\n'), true);
    assert.equal(inFirstUserNamespace('         0       1000          1\n'), false);
    assert.equal(inFirstUserNamespace('         0          0      65536\n     65536    4000000          1\n'), false);
    assert.equal(inFirstUserNamespace(''), undefined);
  });

  it('the memlock limit is the soft one', () => {
    const line = (soft: string) =>
      `Max processes             96365   96365   processes\nMax locked memory         ${soft}              unlimited            bytes\n`;
    assert.equal(parseMemlockLimit(line('8388608')), 8388608);
    assert.equal(parseMemlockLimit(line('unlimited')), Number.POSITIVE_INFINITY);
  });

  it('a hint for EPERM tells a missing capability from one that does not reach far enough', () => {
    const none = { capabilities: new Set<never>(), inUserNamespace: false };
    const raw = new Set(['CAP_NET_RAW'] as const);
    assert.match(explainEperm('raw sockets', 'CAP_NET_RAW', none), /sudo.*setpriv.*\+net_raw.*udp-ufo lab.*setcap/);
    assert.match(explainEperm('x', 'CAP_NET_RAW', { capabilities: raw, inUserNamespace: true }), /outside the lab/);
    assert.match(explainEperm('x', 'CAP_NET_RAW', { capabilities: raw, inUserNamespace: false }), /firewall rule/);
  });

  it('of this process can be read', () => {
    assert.equal(readPrivileges().effectiveUid, process.geteuid?.());
  });
});

describe('user namespaces', () => {
  const MAX = '/proc/sys/user/max_user_namespaces';
  const DEBIAN = '/proc/sys/kernel/unprivileged_userns_clone';
  const APPARMOR = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns';

  it('are allowed where no switch says no', () => {
    assert.equal(userNamespaces(false, reader({})).allowed, true);
    assert.equal(userNamespaces(false, reader({ [MAX]: '1000\n', [DEBIAN]: '1\n', [APPARMOR]: '0\n' })).allowed, true);
  });

  for (const [path, text, reason] of [
    [MAX, '0\n', /max_user_namespaces is 0/],
    [DEBIAN, '0\n', /unprivileged_userns_clone is 0/],
    [APPARMOR, '1\n', /AppArmor/],
  ] as const) {
    it(`are forbidden by ${path}`, () => {
      const got = userNamespaces(false, reader({ [path]: text }));
      assert.equal(got.allowed, false);
      assert.match(got.reason ?? '', reason);
      assert.match(got.hint, /sudo/);
      assert.equal(userNamespaces(true, reader({ [path]: text })).allowed, path !== MAX); // the others don't bind root
    });
  }

  it('are forbidden in a chroot, to root too', () => {
    const proc = '94 29 0:5 / /proc rw - proc proc rw\n';
    const [MOUNTS, root] = ['/proc/self/mountinfo', '29 1 254:0 / / rw - ext4 /dev/vda rw\n'];
    assert.equal(userNamespaces(true, reader({ [MOUNTS]: root + proc })).allowed, true);
    const got = userNamespaces(true, reader({ [MOUNTS]: proc }));
    assert.equal(got.allowed, false);
    assert.match(got.reason ?? '', /chroot/);
    assert.match(got.hint, /pivot_root/);
  });
});

describe('conntrack', () => {
  const COUNT = '/proc/sys/net/netfilter/nf_conntrack_count';
  it('is absent, present or active', () => {
    assert.deepEqual(detectConntrack(reader({})), { state: 'absent', explanation: null });
    assert.equal(detectConntrack(reader({ '/proc/modules': 'veth 1 0 - Live 0x0\n' })).state, 'absent');
    assert.equal(detectConntrack(reader({ '/proc/modules': 'nf_defrag_ipv6 24576 1 - Live 0x0\n' })).state, 'present');
    assert.equal(detectConntrack(reader({ [COUNT]: '0\n' })).state, 'present');
    const active = detectConntrack(reader({ [COUNT]: '3\n' }));
    assert.equal(active.state, 'active');
    assert.match(active.explanation ?? '', /IP_NODEFRAG/);
  });
});
