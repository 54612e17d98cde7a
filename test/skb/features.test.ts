import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  NETIF_F_HW_CSUM as CSUM,
  featureNames,
  NETIF_F_SG as SG,
  NETIF_F_UFO as UFO,
  whyNoUfo,
} from '../../src/skb/features.js';

/** features, reason against UFO over IPv4, over IPv6 */
const TABLE: readonly [number, RegExp | null, RegExp | null][] = [
  [0, /no NETIF_F_UFO/, /no NETIF_F_UFO/],
  [SG, /no NETIF_F_UFO/, /no NETIF_F_UFO/],
  [CSUM, /no NETIF_F_UFO/, /no NETIF_F_UFO/],
  [SG | CSUM, /no NETIF_F_UFO/, /no NETIF_F_UFO/],
  [UFO, /without NETIF_F_SG/, /without NETIF_F_SG/],
  [UFO | CSUM, /without NETIF_F_SG/, /without NETIF_F_SG/],
  [UFO | SG, null, /IPv6 needs NETIF_F_HW_CSUM/],
  [UFO | SG | CSUM, null, null],
];

describe('device features', () => {
  for (const [features, why4, why6] of TABLE) {
    it(`${featureNames(features).join(' ') || 'none'}`, () => {
      for (const [family, why] of [
        [4, why4],
        [6, why6],
      ] as const) {
        const got = whyNoUfo(features, family);
        if (why === null) assert.equal(got, null);
        else assert.match(String(got), why);
      }
    });
  }

  it('names what it knows and leaves out the rest', () => {
    assert.deepEqual(featureNames(SG | CSUM | UFO | (1 << 30)), ['SG', 'HW_CSUM', 'UFO']);
  });
});
