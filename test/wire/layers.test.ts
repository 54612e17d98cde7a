import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LayerKind, Layers } from '../../src/wire/layers.js';

describe('layers', () => {
  const KINDS: readonly LayerKind[] = [
    ...(['vlan', 'mpls', 'pppoe', 'snap', '802.1ah'] as const), // of a link
    ...(['4in4', '6in4', '4in6', '6in6', 'gre', 'nvgre', 'vxlan', 'geneve'] as const),
  ];
  const layers = new Layers();
  const key = (...pushed: readonly (readonly [LayerKind, number])[]): number => {
    layers.clear();
    for (const [kind, value] of pushed) assert.ok(layers.push(kind, value));
    return layers.key;
  };

  it('of different kinds, numbers, order or ends are different networks', () => {
    const keys = [0, key(), ...KINDS.map((kind) => key([kind, 5])), key(['vlan', 6]), key(['vlan', 5], ['vlan', 6])];
    keys.push(key(['vlan', 6], ['vlan', 5]), key(['gre', -1]), key(['gre', 0]));
    layers.mix(1);
    keys.push(layers.key);
    layers.mix(1);
    keys.push(layers.key);
    assert.equal(new Set(keys).size, keys.length - 1, 'only none and none are equal');
    assert.equal(key(['vlan', 6]), key(['vlan', 6]));
  });

  it('are told apart by every bit of a number', () => {
    const keys = Array.from({ length: 32 }, (_, bit) => key(['gre', 5 ^ (1 << bit)]));
    assert.equal(new Set([key(['gre', 5]), ...keys]).size, 33);
  });

  it('have other keys in every run, so that nobody can prepare two networks that look like one', async () => {
    const address = new URL('../../src/wire/layers.js', import.meta.url).href;
    const again = (await import(`${address}?another-run`)) as { Layers: typeof Layers };
    const others = new again.Layers();
    others.push('vlan', 5);
    assert.notEqual(others.key, key(['vlan', 5]));
  });

  it('are told from the outermost, numbers of one kind together', () => {
    const text = (...pushed: readonly (readonly [LayerKind, number])[]): string => {
      key(...pushed);
      return layers.text();
    };
    assert.equal(text(), '');
    assert.equal(text(['vlan', 0]), 'vlan 0');
    assert.equal(text(['vlan', 100], ['vlan', 200], ['gre', -1], ['vxlan', 42]), 'vlan 100.200 > gre > vxlan 42');
    assert.equal(text(['snap', -1], ['snap', -1]), 'snap > snap');
  });

  it('of a packet that was put together come in front of its own', () => {
    layers.restore(77, 'vlan 9 > vxlan 42', 2);
    assert.deepEqual([layers.key, layers.depth, layers.text(), layers.tunnel], [77, 2, 'vlan 9 > vxlan 42', undefined]);
    layers.push('vlan', 3);
    layers.push('vlan', 4);
    assert.deepEqual([layers.depth, layers.text()], [4, 'vlan 9 > vxlan 42 > vlan 3.4']);
    layers.clear();
    assert.deepEqual([layers.key, layers.depth, layers.text()], [0, 0, '']);
    layers.restore(1, 'x', 31);
    assert.deepEqual([layers.push('gre', 1), layers.push('gre', 1), layers.depth], [true, false, 32]);
  });

  it('are a tunnel where a packet carries another, whatever its links are', () => {
    for (const [i, kind] of KINDS.entries()) {
      key([kind, 1], ['vlan', 1], ['mpls', 1]);
      assert.equal(layers.tunnel, i < 5 ? undefined : kind);
    }
    key(['gre', 1], ['vlan', 1], ['vxlan', 1], ['pppoe', 1]);
    assert.equal(layers.tunnel, 'vxlan');
  });
});
