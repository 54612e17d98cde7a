import { hostCommand, type LabHost } from './lab-info.js';
import { runTool } from './run-tool.js';

/** ip(8) reads its commands from standard input: one process for all of them. */
export async function ipBatch(host: LabHost, lines: readonly string[]): Promise<void> {
  const [command, args] = hostCommand(host, 'ip', ['-batch', '-']);
  await runTool(command, args, { input: `${lines.join('\n')}\n` });
}
