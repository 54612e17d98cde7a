import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runHere } from './fixture.js';

const TARGET = '192.0.2.1:9';

/** `[option, text, value the handler gets]` */
const GOOD: readonly (readonly [key: string, option: string, text: string, value: unknown])[] = [
  ['size', '--size', '0', 0],
  ['size', '--size', '0x100', 256],
  ['size', '--size', '1k', 1000],
  ['size', '--size', '1Ki', 1024],
  ['size', '--size', '63K', 63000],
  ['size', '--size', '63Ki', 64512],
  ['datagramSize', '--datagram-size', '65527', 65527],
  ['count', '--count', '64k', 64000],
  ['count', '--count', '1M', 1_000_000],
  ['count', '--count', '1Mi', 1_048_576],
  ['count', '--count', '2G', 2_000_000_000],
  ['count', '--count', '2Gi', 2_147_483_648],
  ['duration', '--duration', '10s', 10000],
  ['duration', '--duration', '500ms', 500],
  ['duration', '--duration', '1.5m', 90000],
  ['duration', '--duration', '3', 3000],
  ['rate', '--rate', '1000', { perSecond: 1000, unit: 'datagrams' }],
  ['rate', '--rate', '1000/s', { perSecond: 1000, unit: 'datagrams' }],
  ['rate', '--rate', '10kdps', { perSecond: 10000, unit: 'datagrams' }],
  ['rate', '--rate', '5kfps', { perSecond: 5000, unit: 'fragments' }],
  ['rate', '--rate', '1.5Gbit', { perSecond: 1.5e9, unit: 'bits' }],
  ['rate', '--rate', '100Mbit', { perSecond: 1e8, unit: 'bits' }],
  ['rate', '--rate', '8Mbps', { perSecond: 8e6, unit: 'bits' }],
  ['rate', '--rate', '1Ki', { perSecond: 1024, unit: 'datagrams' }],
  ['mtu', '--mtu', '1500', 1500],
  ['source', '--source', '192.0.2.7', { host: '192.0.2.7', family: 4, port: undefined }],
  ['source', '--source', '[2001:db8::7]:5', { host: '2001:db8::7', family: 6, port: 5 }],
  ['source', '--source', '2001:db8::7', { host: '2001:db8::7', family: 6, port: undefined }],
  ['address', '--address', '[::1]', '::1'],
  ['port', '--port', '65535', 65535],
  ['idents', '--ident', '0x1234', 4660],
  ['ttl', '--ttl', '255', 255],
  ['tos', '--tos', '0', 0],
  ['destinationMac', '--destination-mac', '02:00:00:00:00:0A', Uint8Array.of(2, 0, 0, 0, 0, 10)],
  ['driver', '--driver', 'packet-socket', 'packet-socket'],
  ['file', '--file', '-', '-'],
  ['interface', '-i', 'veth0', 'veth0'],
];

const ENDPOINTS: readonly (readonly [text: string, host: string, family: 4 | 6 | undefined, port: number])[] = [
  ['192.0.2.1:9', '192.0.2.1', 4, 9],
  ['[2001:db8::1]:65535', '2001:db8::1', 6, 65535],
  ['[fe80::1%eth0]:9', 'fe80::1%eth0', 6, 9],
  ['host-1.example:9', 'host-1.example', undefined, 9],
];

/** `[option, text, what stderr must say]`; the option itself must be named too. */
const BAD: readonly (readonly [option: string, text: string, says: RegExp])[] = [
  ['--size', 'abc', /got "abc", want 0 … 65527 octets \(2k is 2000, 2Ki is 2048, 0x100 allowed\)/],
  ['--size', '65528', /got "65528", want 0 … 65527/],
  ['--size', '64Ki', /got "64Ki"/],
  ['--size', '1ki', /2Ki is 2048/],
  ['--size', '1m', /got "1m"/],
  ['--count', '2g', /2k is 2000/],
  ['--size', '-5', /got "-5"/],
  ['--size', '1.5', /got "1.5"/],
  ['--size', '1e3', /got "1e3"/],
  ['--size', 'NaN', /got "NaN"/],
  ['--size', 'Infinity', /got "Infinity"/],
  ['--size', '0x', /got "0x"/],
  ['--size', '0xfg', /got "0xfg"/],
  ['--size', ' 5', /got " 5"/],
  ['--size', '5kk', /got "5kk"/],
  ['--size', '99999999999999999999', /want 0 … 65527/],
  ['--count', '0', /want 1 …/],
  ['--duration', '5 parsecs', /500ms/],
  ['--duration', '99999999', /a time of/],
  ['--rate', '0', /above 0/],
  ['--rate', 'fast', /got "fast"/],
  ['--rate', '1.2.3', /got "1.2.3"/],
  ['--rate', '5furlongs', /datagrams a second/],
  ['--rate', '1MBps', /that is in octets: eight times as many bits/],
  ['--rate', '1MB/s', /in octets/],
  ['--rate', '100mbit', /mega is M/],
  ['--rate', '5m', /mega is M/],
  ['--mtu', '27', /want 28 … 65575 octets/],
  ['--mtu', '65576', /want 28 … 65575 octets/],
  ['--source', '999.1.1.1', /four numbers/],
  ['--source', '10.1', /four numbers/],
  ['--source', '[::g]:5', /between the brackets/],
  ['--source', 'a b', /host name/],
  ['--address', 'host.example', /IPv4 or IPv6 address/],
  ['--port', '0', /1 … 65535/],
  ['--port', '65536', /1 … 65535/],
  ['--ident', '0', /want 1 …/],
  ['--ttl', '256', /want 1 … 255/],
  ['--tos', '256', /want 0 … 255/],
  ['--destination-mac', '02:00:00:00:00', /02:00:00:00:00:01/],
  ['--driver', 'carrier-pigeon', /one of raw-socket, packet-socket/],
  ['--interface', 'far-too-long-a-name', /1 … 15 octets/],
  ['--interface', 'a/b', /1 … 15 octets/],
];

const BAD_TARGETS: readonly (readonly [text: string, says: RegExp])[] = [
  ['192.0.2.1', /HOST:PORT/],
  ['192.0.2.1:', /1 … 65535/],
  ['192.0.2.1:0', /1 … 65535/],
  ['192.0.2.1:65536', /1 … 65535/],
  ['192.0.2.1:http', /1 … 65535/],
  ['192.0.2.300:9', /four numbers/],
  ['::1', /\[::1\]:PORT/],
  ['2001:db8::1:2:3:4:5:6:7:8:9', /brackets/],
  ['[::1]', /HOST:PORT/],
  ['[]:9', /between the brackets/],
  [':9', /HOST:PORT/],
  ['-_-:9', /no such option/],
];

describe('option values', () => {
  for (const [key, option, text, value] of GOOD) {
    for (const args of [[option, text], [`${option}=${text}`]]) {
      it(`${args.join(' ')} is taken`, async () => {
        const { code, stderr, values } = await runHere(['probe', TARGET, ...args]);
        assert.equal(stderr, '');
        assert.equal(code, 0);
        assert.deepEqual(values[key], value);
      });
    }
  }

  for (const [option, text, says] of BAD) {
    it(`${option} ${text} is refused`, async () => {
      const { code, stderr, stdout } = await runHere(['probe', TARGET, option, text]);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, says);
      assert.match(stderr, new RegExp(`^udp-ufo probe: ${option}: `));
      assert.doesNotMatch(stderr, /\n\s+at /);
    });
  }

  for (const [text, host, family, port] of ENDPOINTS) {
    it(`the target ${text} is taken`, async () => {
      const { stderr, values } = await runHere(['probe', text]);
      assert.equal(stderr, '');
      assert.deepEqual(values['target'], { host, family, port });
    });
  }

  for (const [text, says] of BAD_TARGETS) {
    it(`the target ${text} is refused`, async () => {
      const { code, stderr } = await runHere(['probe', text]);
      assert.equal(code, 2);
      assert.match(stderr, says);
      assert.ok(stderr.includes(text.split('=')[0]!), stderr);
    });
  }

  it('gives what was not typed as undefined, false or the default', async () => {
    const { values } = await runHere(['probe', TARGET]);
    assert.equal(values['size'], undefined);
    assert.equal(values['json'], false);
    assert.equal(values['verify'], false);
    assert.equal(values['count'], 1);
  });
});
