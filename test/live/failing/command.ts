import { createOutput } from '../../../src/app/common/output.js';
import { COMMANDS } from '../../../src/cli/commands.js';
import { run } from '../../../src/cli/run.js';
import { TextSink } from '../../app/common/text-sink.js';

/** How a command line ended that was run in this process. */
export interface CommandEnd {
  readonly code: number;
  /** The objects that `--json` printed. */
  readonly objects: readonly Record<string, unknown>[];
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line here, so that its system calls can be made to fail. */
export async function runHere(words: readonly string[]): Promise<CommandEnd> {
  const [out, notes] = [new TextSink(), new TextSink()];
  const code = await run(words, COMMANDS, createOutput(out, notes));
  const lines = out.text.split('\n').filter((line) => line.startsWith('{'));
  const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, objects, stdout: out.text, stderr: notes.text };
}
