import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SocketOptions } from '../../../src/socket/options.js';
import { type RouteTo, routeTo } from '../../../src/socket/path/route-to.js';
import { PathSettings } from '../../../src/socket/path/settings.js';

/** To a device under test without IP, so that no route is asked for. */
function to(address: string, own: string | undefined): Promise<RouteTo> {
  const options: SocketOptions = {
    ...{ type: 'udp6', driver: 'packet-socket', destinationMac: Uint8Array.of(2, 0, 0, 0, 0, 2) },
    ...(own !== undefined && { interface: own }),
  };
  return routeTo(address, options, '2001:db8::1%lo', new PathSettings(options));
}

describe('the zone of a destination', () => {
  it('is an interface by name or number, and no part of the address', async () => {
    for (const [zone, own] of [
      ['lo', undefined],
      ['1', undefined],
      ['lo', 'lo'],
      ['1', 'lo'],
    ] as const) {
      const { address, source, interface: name } = await to(`fe80::1%${zone}`, own);
      assert.deepEqual([address, source, name], ['fe80::1', '2001:db8::1', 'lo']);
    }
    assert.equal((await to('fe80::1', 'lo')).interface, 'lo');
  });

  it('is refused where it is none, or another than the interface of the socket', async () => {
    const refused = (what: RegExp) => ({ code: 'ERR_UFO_INVALID_ARGUMENT', message: what });
    await assert.rejects(to('fe80::1%none0', undefined), refused(/want a zone that is one of .*lo/));
    await assert.rejects(to('fe80::1%lo', 'other0'), refused(/want a zone as `interface` has it, which is other0/));
  });

  it('is wanted of a link-local address, unless the socket has an interface', async () => {
    for (const address of ['fe80::1', 'FE9f::1', 'feb0::1'])
      await assert.rejects(to(address, undefined), /want a zone with a link-local address/);
    await assert.rejects(to('fec0::1', undefined), /interface: got undefined/);
  });
});
