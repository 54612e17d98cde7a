import type { Output } from '../common/output.js';
import { isNear, OUTSIDE_RATE } from '../common/reach.js';
import type { SendRequest, SendTarget } from './options.js';

/** What was asked for, but at a rate where nobody asked for one and it goes beyond this host's own networks; that is told. */
export function heldOutside(
  request: SendRequest,
  { address, flows, networks }: SendTarget,
  output: Output,
): SendRequest {
  const { rate, dryRun, ttl } = request;
  if (rate !== undefined || dryRun || isOne(request)) return request;
  const beyond = [...new Set([address, ...(flows?.ends ?? []).map((end) => end.address)])].find(
    (one) => !isNear(one, ttl, networks),
  );
  if (beyond === undefined) return request;
  const mbit = OUTSIDE_RATE.perSecond / 1e6;
  output.note(
    `note: ${beyond} is on no network of this host's own: at most ${mbit} Mbit/s, unless --rate says another`,
  );
  return { ...request, rate: OUTSIDE_RATE };
}

/** One datagram is no flood. */
function isOne({ datagramSize, count = 1, durationMs, queues = 1 }: SendRequest): boolean {
  return datagramSize === undefined && count === 1 && durationMs === undefined && queues === 1;
}
