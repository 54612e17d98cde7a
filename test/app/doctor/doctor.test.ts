import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { examine } from '../../../src/app/doctor/doctor.js';
import { autoChoices, driverChecks } from '../../../src/app/doctor/drivers.js';
import type { Check, DoctorReport } from '../../../src/app/doctor/report.js';
import { formatDoctor } from '../../../src/app/doctor/text.js';
import { readPrivileges } from '../../../src/host/privileges.js';
import { MAIN } from '../../live/cli.js';

const REPORT: DoctorReport = {
  node: 'v20.19.0',
  kernel: '6.1.0',
  packages: [{ name: 'cap', state: 'missing', value: "Cannot find package 'cap'", hint: 'npm rebuild cap' }],
  privileges: [],
  network: [{ name: 'net.core.rmem_max', state: 'warning', value: '212992', hint: 'raise it' }],
  interface: { name: 'veth0', checks: [{ name: 'MTU', state: 'ok', value: '1500' }] },
  peers: [],
  drivers: [
    { name: 'raw-socket', usable: false, why: 'needs CAP_NET_RAW', honours: ['ttl'] },
    { name: 'pcap-file', usable: true, why: 'needs nothing', honours: [] },
  ],
  auto: [{ wish: 'plain datagrams', driver: null, why: 'not virtio-ufo: no koffi' }],
  canSend: false,
};

describe('doctor', () => {
  it('looks at everything, the named interface too', async () => {
    const report = await examine('lo');
    assert.equal(report.node, process.version);
    assert.deepEqual(
      report.drivers.map(({ name }) => name),
      ['raw-socket', 'packet-socket', 'af-xdp', 'xdp-live', 'virtio-ufo', 'kernel-udp', 'pcap-file'],
    );
    assert.ok(report.drivers.every(({ why }) => why !== ''));
    const names = [...report.packages, ...report.network, ...report.interface!.checks].map(({ name }) => name);
    for (const name of ['raw-socket', 'cap', 'koffi', 'libpcap', 'conntrack', 'net.ipv4.ip_no_pmtu_disc', 'MTU']) {
      assert.ok(names.includes(name), `${name} is not looked at`);
    }
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
  });

  it('names the interfaces there are when the one asked for is not', async () => {
    await assert.rejects(examine('nosuch0'), /interface: got "nosuch0", want one of .*\blo\b/);
  });

  it('lets no driver do whose package does not load, and says what to run', () => {
    const packages: Check[] = [
      { name: 'raw-socket', state: 'missing', value: 'no', hint: 'npm rebuild raw-socket' },
      { name: 'koffi', state: 'missing', value: 'no', hint: 'npm install koffi' },
    ];
    const drivers = driverChecks(packages, readPrivileges());
    const usable = drivers.filter((driver) => driver.usable).map(({ name }) => name);
    assert.deepEqual(usable, ['pcap-file']);
    assert.match(drivers[0]!.why, /raw-socket does not load: npm rebuild raw-socket/);
    assert.match(drivers[1]!.why, /koffi does not load: npm install koffi/);
  });

  it('lets no driver do on a tun device that hands over Ethernet frames', () => {
    const packages = ['raw-socket', 'koffi'].map((name): Check => ({ name, state: 'ok', value: 'loads' }));
    const on = (mac: string | null) =>
      driverChecks(packages, readPrivileges(), { name: 'tun3', mac, linkType: mac === null ? 'none' : 'ether' });
    const refused = on(null).filter(({ why }) => why === 'tun3 has no Ethernet header (a link of type none)');
    assert.deepEqual(
      refused.map(({ name, usable }) => [name, usable]),
      [
        ['af-xdp', false],
        ['xdp-live', false],
      ],
    );
    assert.ok(on('02:00:00:00:00:01').every(({ why }) => !why.includes('tun3')));
  });

  it('prints a table that says what to do, and ends with the verdict', () => {
    const text = formatDoctor(REPORT);
    assert.match(text, /cap\s+│ no │ Cannot find package 'cap'/);
    assert.match(text, /→ npm rebuild cap/);
    assert.match(text, /net\.core\.rmem_max\s+│ ! {2}│ 212992/);
    assert.match(text, /INTERFACE VETH0/);
    assert.match(text, /raw-socket\s+│ no │ needs CAP_NET_RAW/);
    assert.match(text.split('\n').at(-1)!, /^nothing here can send fragments/);
    const able = formatDoctor({ ...REPORT, canSend: true, drivers: [{ ...REPORT.drivers[0]!, usable: true }] });
    assert.match(able, /\ncan send: raw-socket$/);
  });

  it('says what auto takes, and why the faster ones are passed over', () => {
    const all = (['virtio-ufo', 'af-xdp', 'packet-socket', 'raw-socket'] as const).map((name) => {
      return { name, usable: name !== 'virtio-ufo', why: `because ${name}`, honours: [] };
    });
    const [plain, cut, seen] = autoChoices(all);
    assert.deepEqual([plain!.driver, plain!.why], ['af-xdp', 'not virtio-ufo: because virtio-ufo']);
    assert.deepEqual([cut!.driver, seen!.driver], ['af-xdp', 'packet-socket']);
    assert.deepEqual(
      autoChoices([]).map(({ driver }) => driver),
      [null, null, null],
    );
  });

  for (const [what, script, told] of [
    ['no ip', null, /ip: not found/],
    ['an ip that fails', '#!/bin/sh\necho "cannot talk to rtnetlink" >&2; exit 2\n', /cannot talk to rtnetlink/],
  ] as const) {
    it(`says that nothing can be sent with ${what}, and not that all is well`, (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
      t.after(() => rmSync(folder, { recursive: true }));
      if (script !== null) writeFileSync(join(folder, 'ip'), script, { mode: 0o755 });
      const run = (...words: string[]) => {
        const options = { env: { ...process.env, PATH: folder }, encoding: 'utf8', timeout: 60_000 } as const;
        return spawnSync(process.execPath, [MAIN, ...words], options);
      };
      const { status, stdout } = run('doctor', '--json');
      const report = JSON.parse(stdout) as DoctorReport;
      assert.deepEqual([status, report.canSend], [3, false]);
      assert.match(report.packages.find(({ name }) => name === 'ip')!.value, told);
      assert.deepEqual(
        report.drivers.filter(({ usable }) => usable).map(({ name }) => name),
        ['pcap-file'],
      );
      const sent = run('send', '192.0.2.2:9', '--size', '9');
      assert.equal(sent.status, 3);
      assert.match(sent.stderr, told);
    });
  }

  it('says that nothing can be sent by a link that is down', () => {
    const link: Check = { name: 'link', state: 'missing', value: 'down, no carrier', hint: 'ip link set veth0 up' };
    const drivers = [{ ...REPORT.drivers[0]!, usable: true }];
    const text = formatDoctor({ ...REPORT, drivers, interface: { name: 'veth0', checks: [link] } });
    assert.match(text, /\nnothing can be sent by veth0: down, no carrier$/);
  });
});
