import type { LostFrames } from '../../tx/net-device.js';

/** Where packets were lost on this machine, for people. Nothing is called not lost that nobody can count. */
export function lostText({ socket, qdisc, driver, neighbour, backlog, unknown: unseen }: LostFrames): string {
  const places = Object.entries({
    ...{ socket, 'interface queue': qdisc, "interface's driver": driver, 'no answer of the neighbour': neighbour },
    ...{ backlog, 'not seen leaving the interface': unseen },
  });
  const lost = places.flatMap(([place, count]) => (count !== null && count > 0 ? [`${place} ${count}`] : []));
  const unknown = places.flatMap(([place, count]) => (count === null ? [place] : []));
  const known = unknown.length === 0 ? 'nothing lost' : 'nothing known to be lost';
  const what = lost.length === 0 ? `${known} on this machine` : `lost on this machine: ${lost.join(', ')}`;
  return unknown.length === 0 ? what : `${what}; not known: ${unknown.join(', ')}`;
}
