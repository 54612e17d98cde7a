import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  describeError,
  exitCodeOf,
  firstFailure,
  lossExitCode,
  OutputClosedError,
  verdictExitCode,
  worstOf,
} from '../../../src/app/common/exit-codes.js';
import { argumentError, ERRNO, systemError, UfoError, unsupportedError, usageError } from '../../../src/errors.js';

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const nodeError = (code: string, fields: object): Error => Object.assign(new Error(code), { code, ...fields });

const CASES: readonly (readonly [name: string, error: unknown, code: number])[] = [
  ['a wrong argument', argumentError('size', 'abc', '0 … 65507 octets'), 2],
  ['a wrong command line', usageError('--size: given twice'), 2],
  ['a text file for a capture', new UfoError('ERR_UFO_NOT_A_PCAP', 'x.txt: not a capture'), 2],
  ['an input that is not there', thrownBy(() => readFileSync('/nowhere/x.pcap')), 2],
  ['an input that is a directory', thrownBy(() => readFileSync('/')), 2],
  ['an input that may not be read', nodeError('EACCES', { syscall: 'open', path: 'x.pcap' }), 2],
  ['an input that turns out to be a directory', nodeError('EISDIR', { syscall: 'read' }), 2],
  ['an input that breaks off', nodeError('EIO', { syscall: 'read', path: '/dev/sdz' }), 2],
  ['a connection that breaks off', nodeError('EIO', { syscall: 'read' }), 3],
  ['an output that is full', nodeError('ENOSPC', { syscall: 'write', path: 'x.pcap' }), 3],
  ['an output that may not be made', nodeError('EACCES', { syscall: 'mkdir', path: 'x' }), 3],
  ["a mistake in one of Node's calls", nodeError('ERR_INVALID_ARG_TYPE', {}), 70],
  ["a mistake in one of Node's system calls", nodeError('ERR_X', { syscall: 'open' }), 70],
  ['a host name that does not exist', nodeError('ENOTFOUND', { syscall: 'getaddrinfo' }), 2],
  ['a resolver that does not answer', nodeError('EAI_AGAIN', { syscall: 'getaddrinfo' }), 3],
  ['a tool that is not installed', nodeError('ENOENT', { syscall: 'spawn tcpdump', path: 'tcpdump' }), 3],
  ['no privilege', systemError(ERRNO.EPERM, 'socket'), 3],
  ['no access', systemError(ERRNO.EACCES, 'bind', { address: '192.0.2.1', port: 9 }), 3],
  ['a device that is gone', systemError(ERRNO.ENODEV, 'bind', { path: 'veth9' }), 3],
  ['a link that is down', systemError(ERRNO.ENETDOWN, 'sendto'), 3],
  ['no route', systemError(ERRNO.ENETUNREACH, 'sendto'), 3],
  ['larger than the path', systemError(ERRNO.EMSGSIZE, 'sendto'), 3],
  ['an errno without a name', systemError(4711, 'sendto'), 3],
  ['a missing package', unsupportedError('raw-socket did not load'), 3],
  ['a reader that went away', new OutputClosedError(), 4],
  ['a TypeError of ours', new TypeError('x is not a function'), 70],
  ['Node called wrongly', thrownBy(() => Buffer.alloc(-1)), 70],
  ['something that is no error', 'oops', 70],
  ['nothing', undefined, 70],
];

describe('exit codes', () => {
  for (const [name, error, code] of CASES) {
    it(`${name} is ${code}`, () => assert.equal(exitCodeOf(error), code));
  }

  it('of several judgements: what is wrong counts more than what was not seen, whichever came first', () => {
    const cases = [
      [[], 0],
      [[0, 0], 0],
      [[4, 1], 1],
      [[1, 4], 1],
      [[0, 4], 4],
    ] as const;
    for (const [codes, want] of cases) assert.equal(worstOf(codes), want, codes.join());
    assert.deepEqual((['good', 'bad', 'inconclusive'] as const).map(verdictExitCode), [0, 1, 4]);
  });

  it('of what was lost: inconclusive wherever it was, and all right where nobody can count', () => {
    const none = { socket: null, qdisc: 0, driver: 0, neighbour: 0, backlog: null, unknown: 0 };
    assert.equal(lossExitCode(none), 0);
    for (const place of Object.keys(none)) assert.equal(lossExitCode({ ...none, [place]: 1 }), 4, place);
    assert.equal(lossExitCode({ ...none, neighbour: null }), 4, 'a neighbour did not answer');
    assert.equal(lossExitCode({ ...none, neighbour: null, unknown: null }), 0);
  });

  it('are of the failure that came first, where putting away failed as well', () => {
    const [first, second, third] = ['first', 'second', 'third'].map((text) => new Error(text));
    const suppressing = (error: unknown, suppressed: unknown): Error =>
      Object.assign(new Error('put away'), { name: 'SuppressedError', error, suppressed });
    assert.equal(firstFailure(suppressing(third, suppressing(second, first))), first);
    assert.equal(firstFailure(first), first);
    const other = Object.assign(new Error('of somebody else'), { suppressed: first });
    assert.equal(firstFailure(other), other);
    assert.equal(firstFailure(undefined), undefined);
  });

  it('describes a mistake in one line and a hint, and a bug with its stack', () => {
    const denied = systemError(ERRNO.EPERM, 'socket', { hint: 'run it in the lab' });
    assert.equal(describeError(denied, 'udp-ufo send'), 'udp-ufo send: socket EPERM\n  run it in the lab');
    assert.match(describeError(new RangeError('index'), 'udp-ufo send'), /please report.*\nRangeError: index\n\s+at /);
  });
});
