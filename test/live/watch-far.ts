import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { farCommand, LAB } from '../../src/host/lab.js';

/** A count of frames on the far interface by a witness that is none of ours. */
export interface FarWatch extends AsyncDisposable {
  /** Waits for the frames asked for, at most 10 s; how many came. */
  frames(): Promise<number>;
}

/**
 * Resolves once Wireshark's dumpcap captures; it ends by itself after `count` frames of a family or of a filter. Not
 * tcpdump: that drops to a user which the lab's user namespace does not have. Where dumpcap is not installed the count is
 * taken for granted, and the far socket stays as the only witness.
 */
export async function watchFar(what: 4 | 6 | string, count: number): Promise<FarWatch> {
  const filter = what === 4 ? 'ip' : what === 6 ? 'ip6 and not icmp6 and not ip6 proto 0' : what;
  const options = ['-i', LAB.far.interface, '-q', '-B', '64', '-c', String(count), '-f', filter, '-w', '/dev/null'];
  const [command, args] = farCommand('sh', [
    '-c',
    'command -v dumpcap >/dev/null || exit 77; exec dumpcap "$@"',
    'sh',
    ...options,
  ]);
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close');
  let frames = 0;
  await new Promise<void>((ready) => {
    const lines = createInterface(child.stderr);
    lines.on('line', (line) => {
      if (line.startsWith('File:')) ready();
      frames = Number(/^Packets captured: (\d+)/.exec(line)?.[1] ?? frames);
    });
    lines.on('close', ready);
  });
  return {
    async frames() {
      const timer = setTimeout(() => child.kill('SIGINT'), 10_000);
      await ended;
      clearTimeout(timer);
      return child.exitCode === 77 ? count : frames;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGINT');
      await ended;
    },
  };
}
