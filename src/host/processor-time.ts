import { libc } from './libc.js';

/** `RUSAGE_CHILDREN` of getrusage(2): children that have ended and were waited for, and theirs. */
const RUSAGE_CHILDREN = -1;
/** struct rusage begins with two struct timeval, user and system; it is 144 octets long. */
const RUSAGE_LEN = 144;

const rusage = Buffer.alloc(4096).subarray(0, RUSAGE_LEN);

/** Processor time of all children of this process that have ended, with the kernel's work for them, seconds. */
export function childrenCpuSeconds(): number {
  libc().getrusage(RUSAGE_CHILDREN, rusage);
  const timeval = (at: number): number =>
    Number(rusage.readBigInt64LE(at)) + Number(rusage.readBigInt64LE(at + 8)) / 1e6;
  return timeval(0) + timeval(16);
}
