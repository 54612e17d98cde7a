import { fstatSync, readdirSync, readFileSync, readlinkSync, type Stats, write } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ERRNO, systemError } from '../errors.js';

const MAX_LINKS = 40;
/** <fcntl.h>: the bits of a descriptor's flags that say how it is open. */
const O_ACCMODE = 3;
const FULL_POLL_MS = 5;
const writeTo = promisify(write);

/** The descriptor that a name stands for, be it by links; undefined for any other name. */
export function descriptorOf(path: string): number | undefined {
  if (path === '-') return 1;
  let name = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    const number = numberOf(name);
    if (number !== undefined) return number;
    const target = readlinkOf(name);
    if (target === null) return undefined;
    name = resolve(dirname(name), target);
  }
  return undefined;
}

/** Null for what is no link; what is wrong with it opening it will tell. */
function readlinkOf(name: string): string | null {
  try {
    return readlinkSync(name);
  } catch {
    return null;
  }
}

function numberOf(name: string): number | undefined {
  if (name === '/dev/stdout') return 1;
  if (name === '/dev/stderr') return 2;
  const number = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(name)?.[1];
  return number === undefined ? undefined : Number(number);
}

/**
 * Holds that whoever started this process gave it that descriptor, to write to: Node has some of its own, from 3 on.
 * @throws UfoError EBADF
 */
export function checkDescriptor(fd: number, path: string): void {
  const found = statOf(fd);
  if (found !== null && accessOf(fd) !== 'read' && (fd < 3 || !isOurs(fd, found))) return;
  const reason = found === null ? `descriptor ${fd} is not open` : `descriptor ${fd} is not open for writing`;
  throw systemError(ERRNO.EBADF, 'open', { path, reason, hint: `open it in the shell: ${fd}> FILE` });
}

function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    return null;
  }
}

/** Without /proc a write will tell. */
function accessOf(fd: number): 'read' | 'write' | 'unknown' {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '1';
    return (Number.parseInt(flags, 8) & O_ACCMODE) === 0 ? 'read' : 'write';
  } catch {
    return 'unknown';
  }
}

/** Event descriptors have no file type; of a pipe of libuv's both ends are this process's. */
function isOurs(fd: number, found: Stats): boolean {
  const { dev, ino } = found;
  if (!found.isFIFO())
    return !found.isFile() && !found.isCharacterDevice() && !found.isSocket() && !found.isBlockDevice();
  return ownDescriptors().some((other) => {
    if (other === fd || accessOf(other) !== 'read') return false;
    const end = statOf(other);
    return end?.ino === ino && end.dev === dev;
  });
}

function ownDescriptors(): number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number);
  } catch {
    return [];
  }
}

/** Writes where the descriptor stands. The standard ones by their streams, for Node may have made them non-blocking. */
export async function writeDescriptor(fd: number, octets: Uint8Array): Promise<void> {
  if (fd === 1 || fd === 2) return writeStream(fd === 1 ? process.stdout : process.stderr, octets);
  for (let at = 0; at < octets.length; ) {
    try {
      at += (await writeTo(fd, octets, at)).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await sleep(FULL_POLL_MS); // somebody else has made it non-blocking
    }
  }
}

function writeStream(stream: NodeJS.WritableStream, octets: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(octets, (error) => (error ? reject(error) : resolve()));
  });
}
