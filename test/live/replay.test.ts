import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { openCapture, spawnPrefixFor } from '../../src/capture/open-capture.js';
import { plan } from '../../src/faults/plan.js';
import { LAB, pinNeighbours, setLabMtu } from '../../src/host/lab.js';
import { encodePcap, pcapFormat, segment } from '../../src/index.js';
import { makePayload } from '../../src/payload/generated.js';
import * as ethernet from '../../src/wire/ethernet.js';
import { type Frame, frameData } from '../../src/wire/frame.js';
import { LINKTYPE_ETHERNET } from '../../src/wire/link-layer.js';
import { Cli } from './cli.js';
import { describeLive, liveIt } from './in-lab.js';

const DELAY_MS = 400;

describeLive('udp-ufo replay', () => {
  let folder: string;
  let file: string;
  let frames: Frame[];
  before(async () => {
    await setLabMtu(1500);
    await pinNeighbours();
    folder = await mkdtemp(join(tmpdir(), 'udp-ufo-replay-'));
    file = join(folder, 'in.pcap');
    const linkHeader = new Uint8Array(ethernet.HEADER_LEN);
    const macs = { destination: ethernet.parseMac(LAB.far.mac)!, source: ethernet.parseMac(LAB.near.mac)! };
    ethernet.emit(new DataView(linkHeader.buffer), 0, { ...macs, vlans: [], etherType: ethernet.ETHERTYPE_IPV4 });
    frames = [
      ...segment({
        source: { address: LAB.near.ipv4, port: 1111 },
        destination: { address: LAB.far.ipv4, port: 9 },
        ...{ payload: makePayload(4000, 1, 0), ident: 77, linkHeader },
        plan: plan(`overlap(tail), delay(3, ${DELAY_MS})`),
      }),
    ];
    await writeFile(file, encodePcap(frames, pcapFormat(LINKTYPE_ETHERNET)));
  });
  after(() => rm(folder, { recursive: true }));

  for (const driver of ['packet-socket', 'af-xdp', 'raw-socket'] as const) {
    liveIt(`${driver}: what arrives is what the file holds, as far apart as there`, async () => {
      const { interface: name } = LAB.far;
      const filter = `ip proto 17 and src host ${LAB.near.ipv4}`;
      await using capture = await openCapture({ interface: name, spawnPrefix: spawnPrefixFor(name), filter });
      const begin = performance.now();
      const { code, lines, stderr } = await new Cli([
        'replay',
        file,
        '-i',
        LAB.near.interface,
        '--driver',
        driver,
        '--json',
      ]).end;
      assert.equal(code, 0, stderr);
      assert.ok(performance.now() - begin >= DELAY_MS);
      assert.equal(JSON.parse(lines[0]!).frames, frames.length);
      const seen: string[] = [];
      const times: number[] = [];
      for await (const batch of capture) {
        for (const frame of batch) {
          seen.push(Buffer.from(frameData(frame)).toString('hex'));
          times.push(frame.seconds * 1000 + frame.nanoseconds / 1e6);
        }
        if (seen.length >= frames.length) break;
      }
      assert.deepEqual(
        seen,
        frames.map((frame) => Buffer.from(frameData(frame)).toString('hex')),
      );
      assert.ok(times[2]! - times[1]! > DELAY_MS / 2, String(times));
    });
  }

  liveIt('refuses what it cannot send, by the number of the frame', async () => {
    const cut = join(folder, 'cut.pcap');
    await writeFile(cut, encodePcap([{ ...frames[0]!, caplen: 100 }], pcapFormat(LINKTYPE_ETHERNET)));
    const end = await new Cli(['replay', cut, '-i', LAB.near.interface]).end;
    assert.equal(end.code, 2);
    assert.match(end.stderr, /frame 1: got "100 of 1514 octets", want a whole frame/);
  });
});
