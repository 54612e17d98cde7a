import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sendNotes } from '../../../src/app/send/notes.js';
import { type SendRequest, sendTarget } from '../../../src/app/send/options.js';
import { PATH } from '../common/path.js';

const OPTIONS: SendRequest = {
  destination: { host: '192.0.2.2', family: 4, port: 9 },
  driver: 'raw-socket',
  verify: false,
  dryRun: false,
  json: false,
};
describe('send', () => {
  const refusals: [string, Partial<SendRequest>, RegExp][] = [
    ['an IPv4 id of 17 bits', { idents: 65_536 }, /idents: got 65536, want 1 … 65535 for IPv4/],
    ['an address of the other family', { family: 6 }, /DESTINATION: got "192\.0\.2\.2", want an IPv6 address/],
    [
      'two source ports',
      { source: { host: '192.0.2.1', port: 5 }, sourcePorts: [6] },
      /--source-port: --source names a port too/,
    ],
    ['a capture of nothing', { dryRun: true, verify: true }, /--verify: with --dry-run/],
    ['a file for nothing', { pcap: 'x.pcap' }, /--pcap: nothing to write/],
    ['timestamps in what is not generated', { timestamps: true }, /--timestamps: only generated payloads/],
    ['timestamps that do not fit', { timestamps: true, size: 31 }, /--size: got 31, want 16 octets or more, and 32/],
    ['a driver that does not send', { driver: 'pcap-file' }, /--driver/],
    ['a bypass that the driver has not', { qdiscBypass: true }, /qdiscBypass: .*raw-socket/],
  ];
  for (const [what, options, message] of refusals) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(sendTarget({ ...OPTIONS, ...options }), { message });
    });
  }

  it('plans a dry run without asking the kernel for a port', async () => {
    const source = { host: '192.0.2.9', port: undefined };
    const target = await sendTarget({ ...OPTIONS, dryRun: true, source, idents: 77 });
    assert.deepEqual([target.socket.driver, target.source, target.sourcePort], ['pcap-file', '192.0.2.9', 49_152]);
    assert.equal(target.socket.idents, 77);
  });

  it('takes the family and the source port asked for', async () => {
    const source = { host: '192.0.2.9', port: undefined };
    const destination = { host: 'localhost', family: undefined, port: 9 };
    const target = await sendTarget({ ...OPTIONS, dryRun: true, destination, source, sourcePorts: [7], family: 4 });
    assert.deepEqual([target.family, target.address, target.sourcePort], [4, '127.0.0.1', 7]);
  });

  it('warns of receivers that reassemble less, and of ids that come again too soon', () => {
    const plan = { path: PATH, packets: 45, octets: 65_507, count: 1, rate: undefined };
    assert.match(sendNotes(plan).join(), /DPDK 8 fragments/);
    assert.match(sendNotes({ ...plan, path: { ...PATH, family: 6 } }).join(), /Snabb 40 fragments/);
    const many = { ...plan, count: 1e6 };
    assert.match(sendNotes(many).join(), /RFC 4963.*2184 datagrams/);
    assert.doesNotMatch(sendNotes({ ...many, rate: { perSecond: 2000, unit: 'datagrams' } }).join(), /4963/);
    assert.match(sendNotes({ ...many, rate: { perSecond: 180_000, unit: 'fragments' } }).join(), /4963/);
    assert.deepEqual(sendNotes({ ...many, packets: 1 }), []);
  });
});
