import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setHeaderOptions } from '../../../src/tx/kernel-udp/header-options.js';
import { hex, newKernel } from '../fake-kernel.js';
import { to4, to6 } from '../rows.js';

it('a socket is told the other way round what a source route says: the first hop in it, and the end as destination', () => {
  const kernel = newKernel();
  const hops = Uint8Array.of(198, 51, 100, 1, 198, 51, 100, 2);
  const options = Uint8Array.of(1, 131, 11, 4, ...hops);
  const final = setHeaderOptions(5, to4({ options }));
  assert.equal(hex(kernel.options.get(5)!.get('0.4')!), '01830b04c0000202c6336401'); // IP_OPTIONS
  assert.deepEqual([...final], [198, 51, 100, 2]);

  const plain = Uint8Array.of(148, 4, 0, 0);
  assert.equal(hex(setHeaderOptions(6, to4({ options: plain }))), 'c0000202');
  assert.equal(hex(kernel.options.get(6)!.get('0.4')!), '94040000');
  assert.equal(hex(setHeaderOptions(7, to4())), 'c0000202');
  assert.equal(kernel.options.get(7), undefined);
});

it('extension headers are put into a socket each by an option of its own, by where it stands to the route', () => {
  const kernel = newKernel();
  const end = '20010db80000000000000000000000ff';
  const head = (next: number): Uint8Array => Uint8Array.of(next, 0, 1, 4, 0, 0, 0, 0);
  const extensionHeaders = [
    { type: 0, octets: head(60) },
    { type: 60, octets: head(43) },
    { type: 43, octets: Uint8Array.of(60, 2, 2, 1, 0, 0, 0, 0, ...Buffer.from(end, 'hex')) },
    { type: 60, octets: head(17) },
  ];
  assert.equal(hex(setHeaderOptions(5, to6({ extensionHeaders }))), end);
  const set = kernel.options.get(5)!;
  // IPV6_HOPOPTS, IPV6_RTHDRDSTOPTS, IPV6_RTHDR, IPV6_DSTOPTS
  assert.deepEqual(
    [54, 55, 57, 59].map((name) => hex(set.get(`41.${name}`)!)),
    extensionHeaders.map(({ octets }) => hex(octets)),
  );
  const [, , , last] = extensionHeaders;
  assert.equal(hex(setHeaderOptions(6, to6({ extensionHeaders: [last!] }))), '20010db8000000000000000000000002');
  assert.equal(hex(kernel.options.get(6)!.get('41.59')!), hex(last!.octets));
  assert.throws(() => setHeaderOptions(7, to6({ extensionHeaders: [{ type: 51, octets: head(17) }] })), /header 51/);
  kernel.fail('setsockopt', 'EPERM');
  assert.throws(() => setHeaderOptions(8, to6({ extensionHeaders: [last!] })), { code: 'EPERM' });
});
