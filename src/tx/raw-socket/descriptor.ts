import { readdirSync } from 'node:fs';
import { SO_RCVLOWAT, SOL_SOCKET } from '../../host/constants.js';
import { libc } from '../../host/libc.js';
import type { RawSocketWrap } from './module.js';

/** Least and most of the numbers that sockets are marked with: nobody waits for so many octets. */
const FIRST_MARK = 0x40_0000;
const LAST_MARK = 0x7fff_ffff;
/** What it is by default; the socket receives nothing, so it never mattered. */
const DEFAULT_LOWAT = 1;

let nextMark = FIRST_MARK;

/**
 * The descriptor of a socket of npm raw-socket, which does not tell it. The package sets an option to a number that no other
 * socket of this process has, and the socket that then shows that number is it. null where that does not work (no /proc, a
 * kernel or sandbox of its own mind): the package's own calls do.
 */
export function descriptorOf(wrap: RawSocketWrap): number | null {
  const mark = nextMark;
  nextMark = mark === LAST_MARK ? FIRST_MARK : mark + 1;
  try {
    wrap.setOption(SOL_SOCKET, SO_RCVLOWAT, mark);
    const fds = readdirSync('/proc/self/fd').map(Number);
    const found = fds.filter((fd) => readMark(fd) === mark);
    wrap.setOption(SOL_SOCKET, SO_RCVLOWAT, DEFAULT_LOWAT);
    return found.length === 1 ? found[0]! : null;
  } catch {
    return null;
  }
}

/** −1 for what is no socket. */
function readMark(fd: number): number {
  const value = new Int32Array(1);
  return libc().getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, value, Uint32Array.of(4)) < 0 ? -1 : value[0]!;
}
