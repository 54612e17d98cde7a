import { insideLab } from '../../host/lab-info.js';
import { readOrNull } from '../../host/read-or-null.js';

/**
 * Whether nothing that may change a packet is between what leaves by `sender` and what a capture on `watched` sees: it is that
 * very interface, or the other end of its wire, as far as this machine knows (a veth pair, or the wires of a lab). Anything
 * else is taken for a path with routers on it.
 */
export function isOwnLink(sender: string, watched: string): boolean {
  return (
    sender === watched ||
    labWires().some((wire) => wire.includes(sender) && wire.includes(watched)) ||
    isPair(sender, watched)
  );
}

function labWires(): (readonly string[])[] {
  const lab = insideLab();
  if (lab === null) return [];
  const { near, far, router } = lab;
  if (router === undefined) return [[near.interface, far.interface]];
  return [
    [near.interface, router.nearSide.interface],
    [far.interface, router.farSide.interface],
  ];
}

/** Two ends of a veth pair name each other. */
function isPair(a: string, b: string): boolean {
  const [indexA, linkA] = [indexOf(a, 'ifindex'), indexOf(a, 'iflink')];
  const [indexB, linkB] = [indexOf(b, 'ifindex'), indexOf(b, 'iflink')];
  return indexA !== null && indexB !== null && indexA !== linkA && linkA === indexB && linkB === indexA;
}

function indexOf(name: string, file: string): number | null {
  const text = readOrNull(`/sys/class/net/${name}/${file}`); // null: in another namespace, or there is no /sys
  return text === null ? null : Number(text);
}
