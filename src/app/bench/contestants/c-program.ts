import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../../host/run-tool.js';

/**
 * Compiles `text` in `folder`, where the compiler's files for the time being are as well: whatever ends us, they go with the
 * folder. Gives the program's path. @throws UfoError without a compiler
 */
export async function compileC(folder: string, name: string, text: string): Promise<string> {
  const source = join(folder, `${name}.c`);
  const program = join(folder, name);
  await writeFile(source, text);
  const env = { ...process.env, TMPDIR: folder };
  await runTool('cc', ['-O2', '-o', program, source], { timeoutMs: 20_000, env });
  return program;
}
