import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type ReplayOptions, refuseLoop } from '../../../src/app/replay/options.js';
import { checkReach, FrameReach } from '../../../src/app/replay/reach.js';
import { OwnNetworks } from '../../../src/host/own-networks.js';
import { SameFile } from '../../../src/host/same-file.js';
import { encodePcap, pcapFormat } from '../../../src/index.js';
import type { Reach } from '../../../src/options/reach.js';
import { parseRewriting } from '../../../src/options/rewriting.js';
import { segment } from '../../../src/ufo/segment-datagram.js';
import * as ethernet from '../../../src/wire/ethernet.js';
import type { Frame } from '../../../src/wire/frame.js';
import { LINKTYPE_ETHERNET } from '../../../src/wire/link-layer.js';

const networks = new OwnNetworks(['192.0.2.1/24']);
const UNICAST = '02:00:00:00:00:02';

function frameOf(source: string, destination: string, mac = UNICAST): Frame {
  const linkHeader = new Uint8Array(ethernet.HEADER_LEN);
  const macs = { destination: ethernet.parseMac(mac)!, source: ethernet.parseMac('02:00:00:00:00:01')! };
  ethernet.emit(new DataView(linkHeader.buffer), 0, { ...macs, vlans: [], etherType: ethernet.ETHERTYPE_IPV4 });
  const ends = { source: { address: source, port: 1 }, destination: { address: destination, port: 9 } };
  return [...segment({ ...ends, payload: new Uint8Array(10), linkHeader })][0]!;
}

/** An ARP request of `sender`'s (RFC 826). */
function arpOf(sender: string): Frame {
  const bytes = new Uint8Array(60);
  bytes.set([...ethernet.parseMac(UNICAST)!, ...ethernet.parseMac('02:00:00:00:00:01')!, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
  bytes.set(sender.split('.').map(Number), 14 + 14);
  return { ...frameOf('192.0.2.1', '192.0.2.2'), bytes, offset: 0, caplen: 60, len: 60 };
}

function hintOf(frames: readonly Frame[], reach: Reach = {}, wholeFrames = true): string | undefined {
  const found = new FrameReach(reach, wholeFrames, networks);
  for (const [at, frame] of frames.entries()) found.look(frame, at + 1);
  try {
    found.refuse();
    return undefined;
  } catch (error) {
    return `${(error as Error).message.split(':')[0]}: ${(error as { hint?: string }).hint}`;
  }
}

describe('replay of frames that reach others', () => {
  const good = frameOf('192.0.2.1', '192.0.2.2');
  const toAll = frameOf('192.0.2.1', '192.0.2.255');
  const toGroup = frameOf('192.0.2.1', '239.1.1.1');
  const ofOthers = frameOf('10.0.0.1', '192.0.2.2');

  it('needs leave, all of which is named at once with the first frame', () => {
    assert.equal(hintOf([good]), undefined);
    assert.equal(hintOf([good, toAll]), 'frame 2: if that is meant, add --broadcast');
    assert.equal(
      hintOf([good, ofOthers, toGroup, toAll]),
      'frame 2: if that is meant, add --broadcast --multicast --spoof',
    );
    assert.equal(hintOf([ofOthers, toGroup, toAll], { broadcast: true, multicast: true, spoof: true }), undefined);
    assert.equal(hintOf([ofOthers, toGroup], { spoof: true }), 'frame 2: if that is meant, add --multicast');
  });

  it('goes by the link header too, where that is sent', () => {
    const flooded = frameOf('192.0.2.1', '192.0.2.2', 'ff:ff:ff:ff:ff:ff');
    assert.equal(hintOf([flooded]), 'frame 1: if that is meant, add --broadcast');
    assert.equal(hintOf([flooded], {}, false), undefined);
    assert.equal(
      hintOf([frameOf('192.0.2.1', '192.0.2.2', '33:33:00:00:00:01')]),
      'frame 1: if that is meant, add --multicast',
    );
  });

  it('sees an address that ARP claims', () => {
    assert.equal(hintOf([arpOf('192.0.2.1')]), undefined);
    assert.equal(hintOf([arpOf('192.0.2.66')]), 'frame 1: if that is meant, add --spoof');
  });

  it('is refused before the first frame goes, as it is after rewriting; of standard input when it comes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'udp-ufo-reach-'));
    after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'in.pcap');
    const frames = [frameOf('127.0.0.1', '127.0.0.2'), frameOf('203.0.113.5', '127.0.0.2')];
    writeFileSync(file, encodePcap(frames, pcapFormat(LINKTYPE_ETHERNET)));
    const options = { file, driver: 'packet-socket', loop: 1 } as ReplayOptions;
    const { signal } = new AbortController();
    await assert.rejects(checkReach(options, new SameFile(file), signal), /frame 2: got "203\.0\.113\.5"/);
    assert.equal(await checkReach({ ...options, spoof: true }, new SameFile(file), signal), undefined);
    assert.equal(
      await checkReach(
        { ...options, rewrite: parseRewriting('source=127.0.0.1', 'rewrite') },
        new SameFile(file),
        signal,
      ),
      undefined,
    );
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const once of ['-', pipe]) {
      const look = await checkReach({ ...options, file: once }, new SameFile(once), signal);
      look!(frames[0]!);
      assert.throws(() => look!(frames[1]!), /frame 2/);
      await assert.rejects(refuseLoop({ ...options, file: once, loop: 2 }), /--loop: .* can be read once/);
    }
    await refuseLoop({ ...options, loop: 2 });
  });
});
