/**
 * A sender of `udp-ufo bench` in a process of its own, for one scenario. argv: a `SenderRequest` as JSON. Orders come and
 * answers go by lines, as app/bench/line-process tells.
 */
import { createInterface } from 'node:readline';
import { openSender, type SenderRequest } from '../app/bench/contestants/senders.js';

const reply = (answer: object): void => console.log(JSON.stringify(answer));

async function serve(): Promise<void> {
  const send = await openSender(JSON.parse(process.argv[2] ?? '{}') as SenderRequest);
  reply({});
  for await (const line of createInterface(process.stdin)) {
    const [kind, limit] = line.split(' ');
    const cpu = process.cpuUsage();
    const begin = performance.now();
    const end = begin + Number(limit);
    let left = Number(limit);
    const sent = await send(kind === 'n' ? () => left-- > 0 : () => performance.now() < end);
    const seconds = sent.seconds ?? (performance.now() - begin) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const peakRss = process.resourceUsage().maxRSS * 1024;
    reply({ ...sent, seconds, cpuSeconds: (user + system) / 1e6, peakRss });
  }
}

serve()
  .catch((error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }))
  .finally(() => process.exit()); // sockets that only listen would keep it alive
