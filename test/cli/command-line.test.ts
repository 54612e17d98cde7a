import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defineCommand } from '../../src/cli/command.js';
import { systemError } from '../../src/errors.js';
import { runHere } from './fixture.js';

const TARGET = '192.0.2.1:9';

/** What yargs by itself would let pass, and what it would not: exit 2, one line that names the culprit, no stack. */
const REFUSED: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['probe', TARGET, '--size'], /--size: got none, want a value/],
  [['probe', TARGET, '--size', '--json'], /--size: got none, want a value/],
  [['probe', TARGET, '--size='], /--size: got "", want a value/],
  [['probe', TARGET, '--size', ''], /--size: got "", want a value/],
  [['probe', TARGET, '--verify='], /--verify: got "", want a value/],
  [['probe', TARGET, '--driver'], /--driver: .* want one of raw-socket, packet-socket/],
  [['probe', TARGET, '--size', '1', '--size', '1'], /--size: given twice/],
  [['probe', TARGET, '--size=1', '--size', '2'], /--size: given twice/],
  [['probe', TARGET, '--json', '--json'], /--json: given twice/],
  [['probe', TARGET, '-i', 'a', '--interface', 'b'], /--interface: given twice/],
  [['probe', TARGET, '--json=maybe'], /--json: got "maybe", want no value/],
  [['probe', TARGET, '--no-json'], /--no-json: probe has no such option/],
  [['probe', TARGET, '--sise', '5'], /--sise: .*\n.*did you mean --size\?/],
  [['probe', TARGET, '--datagramSize', '5'], /--datagramSize: probe has no such option/],
  [['probe', TARGET, '--x.y', '5'], /--x\.y: probe has no such option/],
  [['probe', TARGET, '-q'], /-q: probe has no such option/],
  [['probe', TARGET, '--target', 'x:1'], /--target: probe has no such option/],
  [['probe', TARGET, '--size', '1', '--file', 'f'], /--size and --file: want only one/],
  [['probe', TARGET, 'more'], /more: probe has no argument for it\n.*did you mean -- more\?/],
  [['probe', TARGET, '--verify', 'far0'], /far0: .*\n.*did you mean --verify=far0\?/],
  [['probe'], /TARGET: not given \(where to\)/],
  [['prob', TARGET], /prob: no such command, want one of probe, bare\n.*did you mean probe\?/],
  [['--json', 'probe', TARGET], /--json: options stand behind the command/],
  [['--json'], /--json: no command given/],
  [['bare', '--', 'x'], /--: bare takes nothing behind it/],
];

const bare = defineCommand({
  name: 'bare',
  describe: 'Has no options',
  examples: [['bare', 'nothing']],
  handler: async () => 4,
});

const failing = (error: unknown) =>
  defineCommand({
    name: 'fail',
    describe: 'Fails',
    examples: [['fail', 'fails']],
    handler: () => Promise.reject(error),
  });

describe('command line', () => {
  for (const [args, says] of REFUSED) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await runHere(args, [bare]);
      assert.equal(code, 2, stderr);
      // Programs that asked for JSON get the error as an object; nobody else has anything on stdout.
      if (!args.includes('--json')) assert.equal(stdout, '');
      assert.match(stderr, says);
      assert.match(stderr, /^udp-ufo/);
      assert.doesNotMatch(stderr, /\n\s+at |bug/);
    });
  }

  it('takes an option with an optional value with and without it, and never the next word', async () => {
    assert.equal((await runHere(['probe', '--verify', TARGET])).values['verify'], true);
    assert.equal((await runHere(['probe', '--verify=veth1', TARGET])).values['verify'], 'veth1');
  });

  it('hands on what stands behind --, options and all', async () => {
    const { code, rest, stderr } = await runHere(['probe', TARGET, '--', 'ls', '--size', '--help', '--']);
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.deepEqual(rest, ['ls', '--size', '--help', '--']);
  });

  it('prints help for the whole and for a command, with its examples', async () => {
    const whole = await runHere(['--help'], [bare]);
    assert.equal(whole.code, 0);
    assert.match(whole.stdout, /probe <target>\s+Shows what the command line came to/);
    assert.match(whole.stdout, /Exit: 0 all right, 1 verification failed/);
    const one = await runHere(['probe', TARGET, '-h']);
    assert.equal(one.code, 0);
    assert.match(one.stdout, /--datagram-size/);
    assert.match(one.stdout, /udp-ufo probe 192\.0\.2\.1:9\s+does nothing/);
    assert.deepEqual(one.values, {});
  });

  it('prints the help on stderr, and exits with 2, without a command', async () => {
    const { code, stdout, stderr } = await runHere([]);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /udp-ufo COMMAND/);
  });

  it('prints its version', async () => {
    assert.match((await runHere(['--version'])).stdout, /^\d+\.\d+\.\d+\S*\n$/);
  });

  it('completes commands, options and choices', async () => {
    const complete = async (...words: string[]): Promise<string[]> =>
      (await runHere(['--get-completions', ...words], [bare])).stdout.trim().split('\n');
    assert.deepEqual(await complete(''), ['probe', 'bare', '--help', '--version']);
    assert.ok((await complete('probe', '--')).includes('--datagram-size'));
    assert.deepEqual(await complete('probe', '--driver', 'p'), ['packet-socket']);
  });

  it('ends with the code of the handler, and of its failure', async () => {
    assert.equal((await runHere(['bare'], [bare])).code, 4);
    const denied = systemError(1, 'socket', { hint: 'give it CAP_NET_RAW' });
    const device = await runHere(['fail'], [failing(denied)]);
    assert.equal(device.code, 3);
    assert.equal(device.stderr, 'udp-ufo fail: socket EPERM\n  give it CAP_NET_RAW\n');
    const bug = await runHere(['fail'], [failing(new TypeError('x is not a function'))]);
    assert.equal(bug.code, 70);
    assert.match(bug.stderr, /please report.*\nTypeError: x is not a function\n\s+at /);
  });
});
