import { openFileCapture } from '../../capture/file/engine.js';
import { findInterface } from '../../host/interfaces.js';
import { readyOctets, refuseLong } from '../../socket/frames/ready.js';
import { rewritten } from '../../socket/frames/rewrite.js';
import { type FrameWay, frameWay } from '../../socket/frames/ways.js';
import { HEADER_LEN as ETHERNET_LEN } from '../../wire/ethernet.js';
import type { Frame } from '../../wire/frame.js';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../wire/link-layer.js';
import { CaptureOutput } from '../common/capture-output.js';
import { EXIT, type ExitCode } from '../common/exit-codes.js';
import { counted, inFile } from '../common/figures.js';
import { noteFault } from '../common/file-notes.js';
import type { Output } from '../common/output.js';
import type { ReplayOptions } from './options.js';

/**
 * What would go out, refused as sending it would be, into `pcap` with the capture's own times; no waiting, no privilege. Exit
 * code 4 where the file is damaged.
 */
export async function dryRun(options: ReplayOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  const { file, driver, interface: name, pcap, loop, json } = options;
  const mtu = name === undefined ? Number.POSITIVE_INFINITY : (await findInterface(name)).mtu;
  const writing = new Writing(options, mtu, signal);
  await using _ = writing;
  let code: ExitCode = EXIT.ok;
  for (let turn = 0; turn < loop; turn++) {
    await using capture = await openFileCapture(file, { signal });
    let number = 0;
    for await (const batch of capture) {
      signal.throwIfAborted();
      await writing.add(batch.map((frame) => ({ frame, number: ++number })));
    }
    if (capture.fault === '') continue;
    code = EXIT.inconclusive;
    noteFault(capture, 'taken is what came before', output);
  }
  await writing.finish();
  const { frames, octets } = writing;
  if (json) await output.json({ type: 'summary', frames, octets, file: pcap ?? null });
  else {
    const where = pcap === undefined ? 'not sent' : `not sent, ${inFile(pcap)}`;
    await output.line(`${counted(frames, 'frame')}, ${counted(octets, 'octet')} for ${driver}: ${where}`);
  }
  return code;
}

class Writing implements AsyncDisposable {
  readonly #options: ReplayOptions;
  readonly #mtu: number;
  readonly #signal: AbortSignal;
  #way: FrameWay | undefined;
  #file: CaptureOutput | null = null;
  frames = 0;
  octets = 0;

  constructor(options: ReplayOptions, mtu: number, signal: AbortSignal) {
    this.#options = options;
    this.#mtu = mtu;
    this.#signal = signal;
  }

  async add(numbered: readonly { readonly frame: Frame; readonly number: number }[]): Promise<void> {
    const ready = numbered.map(({ frame, number }) => this.#ready(frame, number));
    for (const { len } of ready) this.octets += len;
    this.frames += ready.length;
    if (ready.length > 0) await (await this.#output(ready[0]!.linktype))?.write(ready);
  }

  async finish(): Promise<void> {
    await (await this.#output(LINKTYPE_ETHERNET))?.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
  }

  #ready(given: Frame, number: number): Frame {
    const { rewrite, driver } = this.#options;
    const frame = rewrite === undefined ? given : rewritten(given, rewrite, number);
    this.#way ??= frameWay(driver, frame);
    const bytes = readyOctets(frame, number, this.#way);
    const linkLen = this.#way.sends === 'frames' ? ETHERNET_LEN : 0;
    refuseLong(bytes, number, this.#mtu, this.#way);
    const linktype = linkLen === 0 ? LINKTYPE_RAW : LINKTYPE_ETHERNET;
    return { ...frame, bytes, offset: 0, caplen: bytes.length, len: bytes.length, linktype };
  }

  /** Opened when the link type is known. */
  async #output(linktype: number): Promise<CaptureOutput | null> {
    const { pcap } = this.#options;
    if (pcap === undefined) return null;
    this.#file ??= await CaptureOutput.open(pcap, linktype, this.#signal);
    return this.#file;
  }
}
