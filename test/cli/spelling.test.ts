import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.js';
import { runHere } from './fixture.js';

const TO4 = 'send 192.0.2.2:9 --size 1';
const TO6 = 'send [2001:db8::2]:9 --size 1';

/** Every option that used to be dropped in silence, or was named as nobody typed it. */
const REFUSED: readonly (readonly [line: string, says: RegExp])[] = [
  [`${TO4} -6`, /DESTINATION: got "192.0.2.2", want an IPv6 address, or a name: -6 was given/],
  ['send localhost:9 --size 1 -4 -6', /--ipv4 and --ipv6: want only one/],
  [
    `${TO4} --driver kernel-udp --mtu 600 --verify=far0`,
    /--mtu: got 600, want none with kernel-udp.*\n.*raw-socket, packet-socket, af-xdp, .*virtio-ufo/,
  ],
  [`${TO4} --driver kernel-udp --ident 7`, /--ident: got 7, want none with kernel-udp/],
  [`${TO6} --driver kernel-udp --flow-label 5`, /--flow-label: got 5, want none with kernel-udp/],
  [`${TO4} --driver kernel-udp --queue 1`, /--queue: got 1, want none with kernel-udp.*\n.*this driver can: af-xdp/],
  [`${TO4} --flow-label 5`, /--flow-label: got 5, want none over IPv4: only IPv6 has it/],
  [`${TO6} --df`, /--df: got true, want none over IPv6: only IPv4 has it/],
  [`${TO4} --queue 1`, /--queue: got 1, want none with raw-socket/],
  [`${TO4} --qdisc-bypass`, /--qdisc-bypass: got true, want none with raw-socket.*\n.*packet-socket/],
  [`${TO4} --vlan 5`, /--vlan: got .*, want none with raw-socket.*\n.*packet-socket, af-xdp, .*pcap-file/],
  [`${TO4} --ident 65536`, /--ident: got 65536, want 1 … 65535 for IPv4/],
  [`${TO6} --mtu 55`, /--mtu: got 55, want 56 … 65575 octets for IPv6/],
  [`${TO6} --extension-headers destination=000001040000`, /--extension-headers: got 6 octets/],
  ['segment --source [::1]:1 --destination [::1]:2 --size 9 --df -w x.pcap', /--df: got true, want none over IPv6/],
  [
    'segment --source 1.1.1.1:1 --destination 1.1.1.2:2 --size 9 --ethernet a -w x.pcap',
    /--ethernet.*\n.*--source-mac and --destination-mac/,
  ],
  ['receive 9999 --write x', /--write: receive has no such option\n(?!.*--pcap)/],
  ['capture -i lo --write x.pcap', /--write: capture has no such option\n.*it is --pcap now/],
];

describe('options as they were typed', () => {
  for (const [line, says] of REFUSED) {
    it(line, async () => {
      const { code, stdout, stderr } = await runHere(line.split(' '), COMMANDS);
      assert.match(stderr, says);
      assert.deepEqual([code, stdout], [2, '']);
      assert.doesNotMatch(stderr, /`|\n\s+at /);
    });
  }

  it('help names the drivers that honour an option where not all do, its range and its family', async () => {
    const { stdout } = await runHere(['send', '--help'], COMMANDS);
    const text = stdout.replaceAll(/\s+/g, ' ');
    assert.match(text, /--queue transmit queue of the interface \(0\); 0 … 4095; only af-xdp/);
    assert.match(text, /--flow-label IPv6 flow label \(0\); 0 … 1048575; IPv6; only raw-socket, packet-socket/);
    assert.match(text, /Payload:.*Pace:.*Headers:.*Way out:.*Proof:.*Output:/);
  });
});
