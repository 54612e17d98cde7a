import { UfoError } from '../errors.js';
import { MIN_MTU } from '../wire/ipv6.js';
import { ipBatch } from './ip-batch.js';
import { hostCommand, type LabHost, type LabRouter } from './lab-info.js';
import { runTool } from './run-tool.js';

/** Forwarding on the router, a default route to it on either host, and its MACs known for good on both sides. */
export async function routeThrough(router: LabRouter, near: LabHost, far: LabHost, mtu: number): Promise<void> {
  const { nearSide, farSide } = router;
  const forward = ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding', 'net/ipv6/conf/default/forwarding'];
  await shell(nearSide, forward.map((name) => `echo 1 > /proc/sys/${name}`).join('; '));
  for (const host of [near, far]) await shell(host, 'echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter');
  const families = mtu < MIN_MTU ? (['ipv4'] as const) : (['ipv4', 'ipv6'] as const);
  const pin = (on: LabHost, peer: LabHost) =>
    families.map((ip) => `neigh replace ${peer[ip]} lladdr ${peer.mac} dev ${on.interface} nud permanent`);
  const via = (on: LabHost, hop: LabHost) =>
    families.map((ip) => `route add default via ${hop[ip]} dev ${on.interface}`);
  await ipBatch(near, [...pin(near, nearSide), ...via(near, nearSide)]);
  await ipBatch(far, [...pin(far, farSide), ...via(far, farSide)]);
  await ipBatch(nearSide, [...pin(nearSide, near), ...pin(farSide, far)]);
}

/** Runs words of sh(1) on the router. @throws UfoError ERR_UFO_LAB with its last words */
export async function runRules(router: LabRouter, rules: string): Promise<void> {
  if (rules.trim() === '') return;
  try {
    await shell(router.nearSide, rules);
  } catch (error) {
    throw new UfoError(
      'ERR_UFO_LAB',
      `the router's rules: ${(error as Error).message}`,
      'lab --router list names ready ones',
    );
  }
}

async function shell(host: LabHost, words: string): Promise<void> {
  const [command, args] = hostCommand(host, 'sh', ['-ec', words]);
  await runTool(command, args);
}
