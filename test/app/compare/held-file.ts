import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { compareFile } from '../../../src/app/compare/against.js';
import type { LiveEnd } from '../../../src/app/compare/live.js';
import type { DatagramReport } from '../../../src/app/compare/report.js';
import { plan } from '../../../src/faults/plan.js';
import { makePayload } from '../../../src/payload/generated.js';
import { type SegmentOptions, segment } from '../../../src/ufo/segment-datagram.js';
import { encodeFrames } from '../../../src/wire/capture-encoder.js';
import { captureFormat } from '../../../src/wire/capture-format.js';
import type { Frame } from '../../../src/wire/frame.js';
import { LINKTYPE_RAW } from '../../../src/wire/link-layer.js';

export const folder: string = mkdtempSync(join(tmpdir(), 'udp-ufo-against-'));
after(() => rmSync(folder, { recursive: true }));
export const FILE: string = join(folder, 'capture.pcap');
const never = new AbortController().signal;

/** A datagram as our UFO stage cuts it, in frames without a link header; other sizes have other idents and payloads. */
export function datagram(family: 4 | 6, size: number, steps = '', more: Partial<SegmentOptions> = {}): Frame[] {
  const [from, to] = family === 4 ? ['192.0.2.1', '192.0.2.2'] : ['2001:db8::1', '2001:db8::2'];
  return [
    ...segment({
      source: { address: from, port: 1111 },
      destination: { address: to, port: 2222 },
      payload: makePayload(size, 1, size),
      ident: size + 1,
      ...(steps !== '' && { plan: plan(steps) }),
      ...more,
    }),
  ];
}

export function write(frames: readonly Frame[]): string {
  const format = captureFormat('pcap', { linktype: frames[0]?.linktype ?? LINKTYPE_RAW });
  writeFileSync(FILE, Buffer.concat([format.header(), encodeFrames(frames, format)]));
  return FILE;
}

/** What `compare --against` makes of a file of these frames. */
export async function compared(
  frames: readonly Frame[],
  mtu?: number,
): Promise<{ all: DatagramReport[]; end: LiveEnd }> {
  const all: DatagramReport[] = [];
  const tell = async (one: DatagramReport) => void all.push(one);
  return { end: await compareFile({ file: write(frames), mtu }, tell, { note: () => {} }, never), all };
}

export async function reports(frames: readonly Frame[], mtu?: number): Promise<DatagramReport[]> {
  return (await compared(frames, mtu)).all;
}

/** How each was judged, and what nothing explains. */
export async function judged(frames: readonly Frame[], mtu?: number): Promise<string[]> {
  return (await reports(frames, mtu)).flatMap(({ cuts }) =>
    cuts.map(({ outcome, held }) => {
      const codes = held?.causes.map(({ cause }) => cause.code) ?? [];
      const left = held?.left.map(({ fragment, field, to }) => `${fragment} ${field} ${to}`) ?? [];
      return [outcome, ...codes, ...left].join('; ');
    }),
  );
}
