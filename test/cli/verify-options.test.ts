import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { capture } from '../../src/cli/capture.js';
import { receive } from '../../src/cli/receive.js';
import { verify } from '../../src/cli/verify.js';
import { runHere } from './fixture.js';

const COMMANDS = [verify, capture, receive];

describe('verify, capture and receive refuse', () => {
  const cases: readonly [string, RegExp][] = [
    ['verify', /nothing to verify\n.*-r.*-i/],
    ['verify -r a.pcap -i eth0', /--read|--interface/],
    ['verify -r a.pcap --count 3', /--count/],
    ['verify -r a.pcap --hash', /--hash: only with --json/],
    ['verify -i eth0 --host nobody', /--host: got "nobody", want an IPv4 or IPv6 address/],
    ['verify -i eth0 --host 192.0.2.1 --filter udp', /--filter/],
    ['capture', /--interface/],
    ['capture -i eth0 --count 0', /--count: got "0"/],
    ['receive', /PORT/i],
    ['receive 0', /want a port of 1 … 65535/],
    ['receive 9 --buffer-size 1', /--buffer-size/],
  ];
  for (const [line, says] of cases)
    it(line, async () => {
      const { code, stdout, stderr } = await runHere(line.split(' '), COMMANDS);
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
      assert.equal(stdout, '');
    });
});
