import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IcmpError } from '../src/companion/icmp-error.js';
import { argumentError, systemError, typeError, UfoError } from '../src/errors.js';

describe('errors', () => {
  it('of a wrong argument are RangeErrors for sizes and TypeErrors for the rest, and UfoErrors', () => {
    const made = [
      argumentError('ttl', 300, '1 … 255'),
      argumentError('options', new Uint8Array(3), 'multiples of 4'),
      argumentError('address', 'here', 'an address'),
      argumentError('port', undefined, 'a port'),
      typeError('address', 5, 'a string'),
    ];
    assert.deepEqual(
      made.map(({ name, message, argument }) => [name, message, argument]),
      [
        ['RangeError', 'ttl: got 300, want 1 … 255', 'ttl'],
        ['RangeError', 'options: got 3 octets, want multiples of 4', 'options'],
        ['TypeError', 'address: got "here", want an address', 'address'],
        ['TypeError', 'port: got undefined, want a port', 'port'],
        ['TypeError', 'address: got 5, want a string', 'address'],
      ],
    );
    for (const error of made) assert.ok(error instanceof UfoError && error.code === 'ERR_UFO_INVALID_ARGUMENT');
    assert.ok(made[0] instanceof RangeError && made[2] instanceof TypeError);
    assert.match(String(made[0]!.stack), /^RangeError: ttl: got 300/);
  });

  it('say in short what they got', () => {
    const got = (value: unknown) => argumentError('x', value, 'y').message.slice('x: got '.length, -', want y'.length);
    assert.deepEqual(
      [null, {}, { a: { b: 1 } }, [1, 2, 3, 4, 5, 6], [{ a: 1 }], Symbol('s'), 'x'.repeat(100)].map(got),
      [
        'null',
        '{}',
        '{ a: [Object] }',
        '[ 1, 2, 3, 4, ... 2 more items ]',
        '[ { a: 1 } ]',
        'Symbol(s)',
        `"${'x'.repeat(80)}…"`,
      ],
    );
  });

  it('are told apart by class', () => {
    const system = systemError(111, 'connect');
    assert.ok(system instanceof UfoError && !(system instanceof IcmpError) && !(system instanceof TypeError));
    assert.ok(!((new TypeError('foreign') as Error) instanceof UfoError));
    for (const none of [null, undefined, 5, 'x', {}]) assert.ok(!((none as unknown) instanceof UfoError));
  });
});
