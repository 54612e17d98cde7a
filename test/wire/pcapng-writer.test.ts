import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type FrameFields, PcapngFormat } from '../../src/wire/pcapng-writer.js';
import { hex, toHex, viewOf } from './helpers.js';

const plain = (text: string): string => text.replaceAll(' ', '');
/** Section header of a length that is not known, with our name as its option 4 (shb_userappl). */
const SECTION = plain(
  '0a0d0d0a 2c000000 4d3c2b1a 0100 0000 ffffffffffffffff 0400 0700 7564702d75666f 00 00000000 2c000000',
);
/** Ethernet, snaplen 65535, nanoseconds (option 9, if_tsresol); with a name of four octets (option 2, if_name). */
const UNNAMED = plain('01000000 20000000 0100 0000 ffff0000 0900 0100 09000000 00000000 20000000');
const named = (name: string): string =>
  plain(
    `01000000 28000000 0100 0000 ffff0000 0200 0400 ${toHex(Buffer.from(name))} 0900 0100 09000000 00000000 28000000`,
  );

const format = (name?: string): PcapngFormat =>
  new PcapngFormat({ linktype: 1, snaplen: 65_535, ...(name !== undefined && { interface: name }) });
const FIELDS: FrameFields = { seconds: 1, nanoseconds: 2, caplen: 0, len: 0 };

/** The record around `data`, in a buffer of 0xa5. */
function record(fields: Partial<FrameFields>, data: string): string {
  const writer = format();
  const all = { ...FIELDS, caplen: data.length / 2, len: 1514, ...fields };
  const bytes = new Uint8Array(3 + writer.recordLen(all) + 3).fill(0xa5);
  bytes.set(hex(data), 3 + writer.headLen);
  assert.equal(writer.put(viewOf(bytes), 3, all), bytes.length - 3);
  assert.equal(toHex(bytes).slice(0, 6) + toHex(bytes).slice(-6), 'a5a5a5a5a5a5');
  return toHex(bytes.subarray(3, -3));
}

describe('a pcapng file that we write', () => {
  it('begins with a section header and one interface', () => {
    assert.equal(toHex(format().header()), SECTION + UNNAMED);
    assert.equal(toHex(format('eth0').header()), SECTION + named('eth0'));
    const comments = plain('0100 0500 6f6e652121 000000 0100 0300 74776f 00');
    const section = plain(
      `0a0d0d0a 40000000 4d3c2b1a 0100 0000 ffffffffffffffff ${comments} 0400 0700 7564702d75666f 00 00000000 40000000`,
    );
    assert.equal(toHex(format().header(['one!!', 'two'])), section + UNNAMED);
  });

  it('describes each further interface once, in front of what came on it', () => {
    const writer = format('eth0');
    assert.deepEqual([writer.interfaceOf(), writer.interfaceOf('eth1'), writer.interfaceOf('eth0')], [0, 1, 0]);
    assert.equal(toHex(writer.header()), SECTION + named('eth0'));
    assert.equal(toHex(writer.described()), named('eth1'));
    assert.equal(toHex(writer.described()), '');
    assert.deepEqual([writer.interfaceOf('eth2'), writer.interfaceOf('eth3'), writer.interfaceOf('eth1')], [2, 3, 1]);
    assert.equal(toHex(writer.described()), named('eth2') + named('eth3'));
  });

  it('has the first interface that was asked for in its header, or one without a name', () => {
    const first = format();
    assert.equal(first.interfaceOf('veth'), 0);
    assert.equal(toHex(first.described()), '', 'it stands in the header');
    assert.equal(toHex(first.header()), SECTION + named('veth'));
    const none = format();
    none.header();
    assert.deepEqual([none.interfaceOf(), none.interfaceOf('veth')], [0, 1]);
    assert.equal(toHex(none.described()), named('veth'));
  });

  it('has an enhanced packet block a frame, padded to words', () => {
    // 1 s and 2 ns are 1,000,000,002 = 0x3b9aca02 ns
    const head = (len: string, caplen: string, from = '00000000'): string =>
      `06000000 ${len}000000 ${from} 00000000 02ca9a3b ${caplen}000000 ea050000`;
    assert.equal(record({}, ''), plain(`${head('20', '00')} 20000000`));
    assert.equal(record({}, 'aa'), plain(`${head('24', '01')} aa000000 24000000`));
    assert.equal(record({}, 'aabbcc'), plain(`${head('24', '03')} aabbcc00 24000000`));
    assert.equal(record({ interface: 0x0201 }, 'aabbccdd'), plain(`${head('24', '04', '01020000')} aabbccdd 24000000`));
    assert.equal(record({}, 'aabbccddee'), plain(`${head('28', '05')} aabbccddee000000 28000000`));
    const comment = hex('6f6e652121');
    assert.equal(
      record({ comment }, 'aa'),
      plain(`${head('34', '01')} aa000000 0100 0500 6f6e652121 000000 00000000 34000000`),
    );
    assert.equal(record({ comment: hex('') }, 'aa'), plain(`${head('2c', '01')} aa000000 0100 0000 00000000 2c000000`));
  });

  it('has times as nanoseconds since the epoch, high word first, exactly', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.nat(999_999_999), (seconds, nanoseconds) => {
        const view = viewOf(hex(record({ seconds, nanoseconds }, '')));
        const time = (BigInt(view.getUint32(12, true)) << 32n) | BigInt(view.getUint32(16, true));
        assert.equal(time, BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
      }),
    );
  });

  it('ends with what was received and lost, where that is known of its one interface', (t) => {
    t.mock.method(performance, 'now', () => 987_654.321);
    const end = hex(toHex(format().trailer({ received: 0x102, lost: 3 })));
    const counts = '0400 0800 0501000000000000 0700 0800 0300000000000000'; // isb_ifrecv counts the lost as well, isb_osdrop
    assert.equal(
      toHex(end.subarray(0, 12)) + toHex(end.subarray(20)),
      plain(`05000000 34000000 00000000 ${counts} 00000000 34000000`),
    );
    const view = viewOf(end);
    const microseconds = (view.getUint32(12, true) * 2 ** 32 + view.getUint32(16, true)) / 1000;
    assert.ok(Math.abs(microseconds - (performance.timeOrigin + 987_654.321) * 1000) < 10, 'the time that it is');
    assert.equal(format().trailer({ received: 5, lost: null }).length, 0);
    const two = format('eth0');
    two.interfaceOf('eth1');
    assert.equal(two.trailer({ received: 5, lost: 1 }).length, 0);
    assert.equal(format('eth0').trailer({ received: 5, lost: 0 }).length, 52);
  });
});
