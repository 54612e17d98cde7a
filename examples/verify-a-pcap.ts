/**
 * Judges every UDP datagram of a capture: fragments, offsets, lengths, checksums. Needs no network and no privilege.
 *
 *     node dist/examples/verify-a-pcap.js [FILE]
 *
 * Without a file it makes one, of a datagram whose third fragment is missing.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePcap, LINKTYPE_RAW, pcapFormat, segment, verify } from 'udp-ufo';

const verdicts = verify(process.argv[2] ?? (await makeCapture()));
for (;;) {
  const { value, done } = await verdicts.next();
  if (done) {
    console.log(`${value.datagrams} datagrams: ${value.verdict}`);
    break;
  }
  const { source, destination, fragments, verdict, holes, mismatches } = value;
  console.log(`${source} > ${destination}, ${fragments} fragments: ${verdict}`, ...mismatches, JSON.stringify(holes));
}

async function makeCapture(): Promise<string> {
  const source = { address: '192.0.2.1', port: 1111 };
  const destination = { address: '192.0.2.2', port: 9999 };
  const frames = [...segment({ source, destination, payload: Buffer.alloc(8192), mtu: 1500 })];
  const file = join(await mkdtemp(join(tmpdir(), 'udp-ufo-')), 'example.pcap');
  await writeFile(file, encodePcap(frames.toSpliced(2, 1), pcapFormat(LINKTYPE_RAW)));
  return file;
}
