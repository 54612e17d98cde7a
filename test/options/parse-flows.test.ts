import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAddresses, parseFlowEndpoint, parsePorts, parseSources } from '../../src/options/parse-flows.js';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('flows as typed', () => {
  it('ports are single ones, ranges and lists, each once', () => {
    assert.deepEqual(parsePorts('9000', 'x'), [9000]);
    assert.deepEqual(parsePorts('9000-9003,9002,7', 'x'), [9000, 9001, 9002, 9003, 7]);
    assert.equal(parsePorts('1-65535', 'x').length, 65_535);
    for (const text of ['0', '65536', '9-8', '1-2-3', '1,', '-5', 'a', '1-']) {
      assert.throws(
        () => parsePorts(text, 'PORTS'),
        { code: 'ERR_UFO_INVALID_ARGUMENT', message: /^PORTS: got/ },
        text,
      );
    }
  });

  const addresses: [string, string[]][] = [
    ['192.0.2.2', ['192.0.2.2']],
    ['192.0.2.254-192.0.3.1', ['192.0.2.254', '192.0.2.255', '192.0.3.0', '192.0.3.1']],
    ['192.0.2.77/30', ['192.0.2.77', '192.0.2.78']],
    ['192.0.2.77/31', ['192.0.2.76', '192.0.2.77']],
    ['192.0.2.77/32', ['192.0.2.77']],
    ['192.0.2.9,192.0.2.7-192.0.2.9', ['192.0.2.9', '192.0.2.7', '192.0.2.8']],
    ['2001:db8::fffe-2001:db8::1:1', ['2001:db8::fffe', '2001:db8::ffff', '2001:db8::1:0', '2001:db8::1:1']],
    ['2001:db8::5/126', ['2001:db8::4', '2001:db8::5', '2001:db8::6', '2001:db8::7']],
  ];
  for (const [text, want] of addresses) {
    it(`${text} are ${want.length} addresses`, () => assert.deepEqual(parseAddresses(text, 'x'), want));
  }

  it('addresses that are none, too many, of two families or upside down are refused by name', () => {
    const wrong = ['', 'a', '192.0.2', '192.0.2.9-192.0.2.2', '192.0.2.1-2001:db8::1', '192.0.2.1,2001:db8::1'];
    const more = [
      '192.0.2.0/33',
      '192.0.2.0/0',
      '192.0.2.0/x',
      '10.0.0.0/8',
      '::/64',
      '::-ffff::',
      'fe80::1%lo-fe80::2',
    ];
    for (const text of [...wrong, ...more]) {
      assert.throws(() => parseAddresses(text, 'A'), { code: 'ERR_UFO_INVALID_ARGUMENT', message: /^A: got/ }, text);
    }
    assert.equal(parseAddresses('192.0.2.0-192.0.5.255', 'x').length, 1024);
  });

  it('an endpoint has addresses and ports, and is what it was where there is one of each', () => {
    const one = parseFlowEndpoint('[fe80::1%near0]:9', 'x');
    assert.deepEqual(one, { host: 'fe80::1%near0', family: 6, port: 9, hosts: ['fe80::1%near0'], ports: [9] });
    const name = parseFlowEndpoint('my-host.example:9', 'x');
    assert.deepEqual([name.host, name.family, name.port], ['my-host.example', undefined, 9]);
    const ranged = parseFlowEndpoint('my-host.example:9000-9009', 'x');
    assert.deepEqual([ranged.hosts, ranged.ports], [['my-host.example'], range(9000, 9009)]);
    const many = parseFlowEndpoint('[2001:db8::2,2001:db8::5]:9-10', 'x');
    assert.deepEqual([many.family, many.hosts, many.ports], [6, ['2001:db8::2', '2001:db8::5'], [9, 10]]);
    assert.deepEqual(parseFlowEndpoint('192.0.2.0/29:9', 'x').hosts.length, 6);
    for (const text of [
      '2001:db8::2:9',
      '[192.0.2.2,192.0.2.3]:9',
      '192.0.2.2,192.0.2.3',
      'a,b:9',
      '192.0.2.2:',
      '[]:9-10',
    ]) {
      assert.throws(() => parseFlowEndpoint(text, 'D'), { code: 'ERR_UFO_INVALID_ARGUMENT', message: /^D: got/ }, text);
    }
  });

  it('a source is an address, one with a port, or several addresses', () => {
    assert.deepEqual(parseSources('192.0.2.1:5', 'x'), { host: '192.0.2.1', family: 4, port: 5, hosts: ['192.0.2.1'] });
    assert.deepEqual(parseSources('[2001:db8::1]', 'x').hosts, ['2001:db8::1']);
    assert.deepEqual(parseSources('192.0.2.1,192.0.2.3', 'x').hosts, ['192.0.2.1', '192.0.2.3']);
    assert.deepEqual(parseSources('2001:db8::1-2001:db8::2', 'x').hosts.length, 2);
    assert.throws(() => parseSources('192.0.2.1,192.0.2.3:5', 'S'), /^TypeError: S: got|S: got/);
  });
});
