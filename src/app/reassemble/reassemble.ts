import { join } from 'node:path';
import { fileNotes, openFileCapture } from '../../capture/file/engine.js';
import { usageError } from '../../errors.js';
import { OutputFile } from '../../host/output-file.js';
import { makeFolder } from '../../host/output-folder.js';
import { setPayloadLen } from '../../verify/headers/whole-header.js';
import type { CompleteDatagram } from '../../verify/judge.js';
import { plural } from '../../verify/plural.js';
import { datagramText, summaryText } from '../../verify/report.js';
import type { DatagramVerdict } from '../../verify/verdict.js';
import { Verifier } from '../../verify/verifier.js';
import type { Frame } from '../../wire/frame.js';
import { LINKTYPE_RAW } from '../../wire/link-layer.js';
import { CaptureOutput } from '../common/capture-output.js';
import { requireDistinct } from '../common/distinct-files.js';
import { type ExitCode, verdictExitCode } from '../common/exit-codes.js';
import { noteFault, noteFile } from '../common/file-notes.js';
import type { Output } from '../common/output.js';

interface ReassembleOptions {
  /** A capture file (pcap or pcapng, compressed or not), or `-` for standard input. */
  readonly file: string;
  /** Directory for the payloads, one file each; with `datagram` the file for that one, `-` for stdout. */
  readonly output?: string | undefined;
  /** Number of the one datagram wanted, in the order of completion, from 1. */
  readonly datagram?: number | undefined;
  /** A pcap file for the datagrams as whole packets, `-` for stdout. */
  readonly write?: string | undefined;
  readonly json: boolean;
  readonly allowZeroChecksum6?: boolean;
}

/** Where complete datagrams go; comments are those on the capture file as a whole, as far as it was read. */
interface Sink extends AsyncDisposable {
  /** The octets of `datagram` are valid only during the call: it copies what it keeps. */
  take(datagram: CompleteDatagram, number: number): void;
  flush(comments: readonly string[]): Promise<void>;
  /** The work has succeeded. */
  finish(comments: readonly string[]): Promise<void>;
}

/** `udp-ufo reassemble`: writes the payloads or whole packets that a capture file holds in fragments. */
export async function reassemble(options: ReassembleOptions, output: Output, signal: AbortSignal): Promise<ExitCode> {
  await using sink = await createSink(options, signal);
  let number = 0;
  const observe = (datagram: CompleteDatagram): [] => {
    number += 1;
    if (options.datagram === undefined || options.datagram === number) sink.take(datagram, number);
    return [];
  };
  const verifier = new Verifier({
    hash: options.json,
    observe,
    allowZeroChecksum6: options.allowZeroChecksum6 ?? false,
  });
  const print = async (verdicts: readonly DatagramVerdict[]): Promise<void> => {
    for (const one of verdicts) await (options.json ? output.json(one) : output.line(datagramText(one)));
  };
  await using capture = await openFileCapture(options.file, { reuse: true, signal });
  for await (const frames of capture) {
    signal.throwIfAborted();
    await print(verifier.push(frames));
    await sink.flush(capture.comments);
  }
  await print(verifier.end());
  await sink.finish(capture.comments);
  const { lost } = await capture.stats();
  const summary = verifier.summary({ captureLost: lost, fault: capture.fault, notes: fileNotes(capture) });
  await (options.json ? output.json(summary) : output.line(summaryText(summary)));
  noteFault(capture, 'reassembled is what came before', output);
  noteFile(capture.source, summary.notes, output);
  if (options.datagram !== undefined && options.datagram > number) {
    throw usageError(
      `--datagram: got ${options.datagram}, the capture has ${number} complete ${plural(number, 'datagram')}`,
    );
  }
  return verdictExitCode(summary.verdict);
}

async function createSink(options: ReassembleOptions, signal: AbortSignal): Promise<Sink> {
  const { output: target, datagram, write } = options;
  if (write !== undefined) return packetSink(await CaptureOutput.open(write, LINKTYPE_RAW, signal));
  if (target === undefined)
    throw usageError('nothing to write to', 'give -o DIR, --datagram N -o FILE, or -w out.pcap');
  if (datagram === undefined && target === '-') {
    throw usageError('-o: got -, want a directory', 'standard output takes one datagram: add --datagram N');
  }
  if (datagram === undefined) makeFolder(target);
  // One file is checked before the work; those of a folder are opened as their datagrams come.
  const one = datagram === undefined ? null : await OutputFile.open(target, signal);
  return payloadSink(async (number) => one ?? openInFolder(options.file, join(target, fileName(number)), signal), one);
}

/** The capture may lie in the folder under such a name. */
async function openInFolder(input: string, path: string, signal: AbortSignal): Promise<OutputFile> {
  await requireDistinct([
    { by: '--read', path: input, opens: 'input' },
    { by: '--output', path, opens: 'output' },
  ]);
  return OutputFile.open(path, signal);
}

function fileName(number: number): string {
  return `datagram-${String(number).padStart(6, '0')}.bin`;
}

function payloadSink(fileOf: (number: number) => Promise<OutputFile>, one: OutputFile | null): Sink {
  let kept: { readonly number: number; readonly payload: Uint8Array }[] = [];
  const flush = async (): Promise<void> => {
    for (const { number, payload } of kept) {
      await using file = await fileOf(number);
      await file.write(payload);
      await file.finish();
    }
    kept = [];
  };
  return {
    take: ({ payload }, number) => void kept.push({ number, payload: payload.slice() }),
    flush,
    finish: flush,
    [Symbol.asyncDispose]: async () => void (await one?.[Symbol.asyncDispose]()),
  };
}

function packetSink(writer: CaptureOutput): Sink {
  let kept: Frame[] = [];
  const flush = async (comments: readonly string[]): Promise<void> => {
    const frames = kept;
    kept = [];
    writer.comments = comments;
    if (frames.length > 0) await writer.write(frames);
  };
  return {
    take: (datagram) => void kept.push(packetFrame(datagram)),
    flush,
    finish: async (comments) => {
      await flush(comments);
      await writer.finish();
    },
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

/** The packet as it was before it was cut. */
function packetFrame(datagram: CompleteDatagram): Frame {
  const { header, ipPayload, verdict, seconds, nanoseconds, comment, interface: name } = datagram;
  const bytes = new Uint8Array(header.length + ipPayload.length);
  bytes.set(header);
  bytes.set(ipPayload, header.length);
  setPayloadLen(bytes.subarray(0, header.length), verdict.family, ipPayload.length);
  const { length } = bytes;
  const told = { ...(comment !== undefined && { comment }), ...(name !== undefined && { interface: name }) };
  return { bytes, offset: 0, caplen: length, len: length, linktype: LINKTYPE_RAW, seconds, nanoseconds, ...told };
}
