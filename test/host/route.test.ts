import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findRoute, parseRoute, routeError } from '../../src/host/route.js';

describe('route', () => {
  const table = [
    {
      name: 'on the link',
      json: '[{"type":"unicast","dst":"192.0.2.2","dev":"near0","prefsrc":"192.0.2.1","flags":[],"uid":0,"cache":[]}]',
      destination: '192.0.2.2',
      want: { family: 4, type: 'unicast', interface: 'near0', source: '192.0.2.1', gateway: null, mtu: null },
    },
    {
      name: 'by a gateway, with an MTU',
      json: '[{"dst":"198.51.100.7","gateway":"192.0.2.2","dev":"near0","prefsrc":"192.0.2.1","flags":[],"cache":[],"metrics":[{"mtu":1200}]}]',
      destination: '198.51.100.7',
      want: { family: 4, type: 'unicast', interface: 'near0', source: '192.0.2.1', gateway: '192.0.2.2', mtu: 1200 },
    },
    {
      name: 'IPv4 by an IPv6 gateway',
      json: '[{"dst":"198.51.101.7","via":{"family":"inet6","host":"2001:db8::2"},"dev":"near0","prefsrc":"192.0.2.1"}]',
      destination: '198.51.101.7',
      want: { family: 4, type: 'unicast', interface: 'near0', source: '192.0.2.1', gateway: '2001:db8::2', mtu: null },
    },
    {
      name: 'IPv6',
      json: '[{"dst":"2001:db8:1::7","from":"::","gateway":"2001:db8::2","dev":"near0","prefsrc":"2001:db8::1","metrics":[{"hoplimit":3},{"mtu":1300}]}]',
      destination: '2001:db8:1::7',
      want: {
        family: 6,
        type: 'unicast',
        interface: 'near0',
        source: '2001:db8::1',
        gateway: '2001:db8::2',
        mtu: 1300,
      },
    },
    {
      name: 'this host itself',
      json: '[{"type":"local","dst":"127.0.0.1","dev":"lo","prefsrc":"127.0.0.1","cache":["local"]}]',
      destination: '127.0.0.1',
      want: { family: 4, type: 'local', interface: 'lo', source: '127.0.0.1', gateway: null, mtu: null },
    },
    {
      name: 'a source that was asked for',
      json: '[{"dst":"192.0.2.2","from":"192.0.2.9","dev":"near0"}]',
      destination: '192.0.2.2',
      source: '192.0.2.9',
      want: { family: 4, type: 'unicast', interface: 'near0', source: '192.0.2.9', gateway: null, mtu: null },
    },
  ];
  for (const { name, json, destination, source, want } of table) {
    it(name, () => assert.deepEqual(parseRoute(json, destination, source), { destination, ...want }));
  }

  it('says why there is none, as connect(2) would', () => {
    const texts: [string, string][] = [
      ['RTNETLINK answers: Network is unreachable', 'ENETUNREACH'],
      ['RTNETLINK answers: No route to host', 'EHOSTUNREACH'],
      ['RTNETLINK answers: Permission denied', 'EACCES'],
      ['RTNETLINK answers: Invalid argument', 'EINVAL'],
    ];
    for (const [text, code] of texts) {
      const { syscall, address, hint, ...error } = routeError(text, '2001:db8::9')!;
      assert.deepEqual([error.code, syscall, address], [code, 'connect', '2001:db8::9']);
      assert.match(hint ?? '', /^see ip -6 route/);
    }
    const messages = texts.map(([text]) => routeError(text, '192.0.2.9')!.message);
    assert.equal(new Set(messages).size, texts.length, 'each has its own text');
    assert.equal(routeError('Cannot open netlink socket: Protocol not supported', '192.0.2.9'), null);
    const down = routeError(texts[0]![0], '192.0.2.9', [{ name: 'near0', up: false }])!;
    assert.match(`${down.message} ${down.hint}`, /ENETDOWN.*near0 is down ip link set near0 up/);
    assert.throws(() => parseRoute('[]', '192.0.2.2'), { code: 'ENETUNREACH' });
  });

  it('to the machine itself leads over lo, and an interface that is not there is refused', async () => {
    assert.equal((await findRoute('127.0.0.1')).interface, 'lo');
    await assert.rejects(findRoute('127.0.0.1', { interface: 'nosuch0' }), { code: 'ERR_UFO_INVALID_ARGUMENT' });
  });
});
