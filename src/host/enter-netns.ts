import { isMainThread } from 'node:worker_threads';
import { UfoError } from '../errors.js';
import { CLONE_NEWNET, O_CLOEXEC, O_RDONLY } from './constants.js';
import { requireLab } from './lab-info.js';
import { libc } from './libc.js';
import { lastError } from './socket-calls.js';

/**
 * Moves the calling worker thread to the far host of the lab: sockets it makes and processes it starts from now on are
 * there. Not for the main thread, whose namespace is the process's (/proc/self/net, libuv's pool of threads).
 * Errors: `ERR_UFO_NO_LAB`, `ERR_UFO_MAIN_THREAD`, EPERM of setns(2).
 */
export function enterFar(): void {
  const { netns: path } = requireLab().far;
  if (isMainThread) throw new UfoError('ERR_UFO_MAIN_THREAD', 'only a worker thread may change its network namespace');
  const fd = libc().open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw lastError('open', { path });
  const result = libc().setns(fd, CLONE_NEWNET);
  const error = result < 0 ? lastError('setns', { path }) : null;
  libc().close(fd);
  if (error !== null) throw error;
}
