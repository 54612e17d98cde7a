import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FarReceiver } from '../../src/app/demo/far-receiver.js';

/** A plain UDP socket of another language's, that says the same as our own receiver. */
const SCRIPT = `
import hashlib, json, os, socket, sys, threading
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
s.bind(('::', 0))
print(json.dumps({'bound': s.getsockname()[1]}), flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
while True:
    data, sender = s.recvfrom(65536)
    told = {'port': sender[1], 'length': len(data), 'sha256': hashlib.sha256(data).hexdigest()}
    print(json.dumps(told), flush=True)
`;

/** On the far host of the lab; null where there is no python3. */
export async function startPythonReceiver(): Promise<FarReceiver | null> {
  try {
    await promisify(execFile)('python3', ['-c', 'import hashlib']);
  } catch {
    return null;
  }
  return FarReceiver.start(['python3', '-c', SCRIPT]);
}
