import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import { MAIN } from '../live/cli.js';

/** What a user who erred is told: by which argument, what, and what to do. */
const MISTAKES: readonly (readonly [line: string, told: RegExp])[] = [
  ['send 127.0.0.1:9 --file no/such', /^udp-ufo send: --file: .*no\/such/],
  ['send 127.0.0.1:9 --file /', /^udp-ufo send: --file: open EISDIR \/$/m],
  ['send 127.0.0.1:9 --source ::1 --size 5', /^udp-ufo send: --source: got "::1", want an IPv4 address/],
  ['verify -r no/such', /^udp-ufo verify: --read: open ENOENT no\/such/],
  ['replay no/such -i lo', /^udp-ufo replay: FILE: open ENOENT no\/such/],
  ['receive 49009 -o no/such', /^udp-ufo receive: --output: open ENOENT no\/such/],
  ['verify -r no/such --expect /dev/zero', /^udp-ufo verify: .*\/dev\/zero: a line of more than/],
  ['conform 127.0.0.1:9 --compare /dev/zero', /^udp-ufo conform: .*\/dev\/zero: more than/],
  ['receive 49009 -i lo', /^udp-ufo receive: --interface: only groups are joined by one/],
  ['receive 49009 -q', /^udp-ufo receive: --quiet: only with --json/],
  ['send 127.0.0.1:9 --size 5 --strict', /^udp-ufo send: --strict: nothing is compared/],
  ['replay no/such -i lo --rate 10Mbit', /^udp-ufo replay: --rate: got "10000000 bit\/s", want frames a second/],
  ['send 127.0.0.1:9 --size 5 --driver kernel-udp --vlan 7.3', /--vlan: got \[ \{ tpid: 33024, tci: 24583 \} \]/],
  ['path no-such.invalid', /^udp-ufo path: HOST: .*no-such\.invalid/],
  ['--hepl', /^udp-ufo: --hepl: no command given.*\n {2}did you mean --help\?/],
];

for (const [line, told] of MISTAKES) {
  it(`${line}: names the argument`, () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...line.split(' ')], {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, RES_OPTIONS: 'timeout:1 attempts:1' },
    });
    assert.match(stderr, told);
    assert.doesNotMatch(stderr, /\n {4}at /);
    assert.ok(status === 2 || (status === 3 && /EAI_AGAIN/.test(stderr)), `${status}: ${stderr}`); // without a resolver
  });
}

it('a dry run to this host has no more than a packet can have, whatever lo takes', () => {
  for (const to of ['127.0.0.1:9', '[::1]:9']) {
    const words = ['send', to, '--size', '5', '--dry-run', '--source-port', '9'];
    const { status, stdout } = spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8', timeout: 60_000 });
    assert.equal(status, 0);
    assert.match(stdout, /MTU 65535\n/);
  }
});
