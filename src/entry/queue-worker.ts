/**
 * One sender of several (app/queues): a worker thread that gets its set-up as workerData, or a process that gets it as its
 * first message.
 */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import type { QueueAnswer, QueueOrder, QueueSetup } from '../app/queues/protocol.js';
import { QueueSender } from '../app/queues/sender.js';
import { dropPrivileges, ownProcess } from '../host/drop-privileges.js';

async function inThread(port: NonNullable<typeof parentPort>): Promise<void> {
  const sender = new QueueSender(workerData as QueueSetup, (answer) => port.postMessage(answer));
  port.on('message', async (order: QueueOrder) => {
    await sender.obey(order);
    if (order.type === 'close') port.close();
  });
  await sender.open();
}

async function inProcess(): Promise<void> {
  ownProcess();
  // Ctrl-C reaches every process of the terminal's group: the parent decides what becomes of this one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.on('disconnect', () => process.exit());
  const [setup] = (await once(process, 'message')) as [QueueSetup];
  const answer = (message: QueueAnswer): void => void process.send?.(message, () => undefined);
  const sender = new QueueSender(setup, answer);
  process.on('message', async (order: QueueOrder) => {
    await sender.obey(order);
    if (order.type === 'close') process.disconnect();
  });
  await sender.open();
  dropPrivileges();
}

void (parentPort === null ? inProcess() : inThread(parentPort));
