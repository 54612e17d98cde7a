import { farCommand, LAB } from '../../src/host/lab.js';
import { runTool } from '../../src/host/run-tool.js';

const FEATURES = new URL('../../src/host/device-features.js', import.meta.url).href;

/** A veth sends redirected frames only while its peer has GRO (or a program). */
export async function setFarGro(on: boolean): Promise<void> {
  const script = `import { setGro } from ${JSON.stringify(FEATURES)}; setGro(${JSON.stringify(LAB.far.interface)}, ${on});`;
  const [command, args] = farCommand(process.execPath, ['--input-type=module', '-e', script]);
  await runTool(command, args, { timeoutMs: 30_000 }); // a Node must start
}
