import { UfoError } from '../errors.js';

/** One of the two hosts of a lab. MAC in lower case with colons. */
export interface LabHost {
  readonly interface: string;
  readonly mac: string;
  readonly ipv4: string;
  readonly ipv6: string;
  /** A file that names the host's network namespace, for nsenter(1) and setns(2). */
  readonly netns: string;
}

/** The host between the two, with an interface on either side. */
export interface LabRouter {
  readonly netns: string;
  readonly nearSide: LabHost;
  readonly farSide: LabHost;
}

/** `near` is where the command runs; `far` is the other end of the wire, or, with a router, of the other wire. */
export interface LabInfo {
  readonly near: LabHost;
  readonly far: LabHost;
  readonly router?: LabRouter;
}

/** Says to every process in a lab that it is in one, and which; holds a `LabInfo` as JSON. */
export const LAB_VARIABLE = 'UDP_UFO_LAB';

/**
 * The same in every lab, so that captures and expectations of two runs compare: documentation addresses
 * (RFC 5737, RFC 3849) and locally administered MACs (55:46:4f is "UFO").
 */
export const LAB: LabInfo = {
  near: host('near', '02:55:46:4f:00:01', '192.0.2.1', '2001:db8::1'),
  far: host('far', '02:55:46:4f:00:02', '192.0.2.2', '2001:db8::2'),
};

/** The lab with a router: `far` moves to a network of its own (RFC 5737, TEST-NET-2). */
export const ROUTED_LAB: LabInfo = {
  near: LAB.near,
  far: { ...LAB.far, ipv4: '198.51.100.2', ipv6: '2001:db8:1::2' },
  router: {
    netns: '/run/netns/router',
    nearSide: routerSide('rnear0', '02:55:46:4f:00:03', '192.0.2.254', '2001:db8::fe'),
    farSide: routerSide('rfar0', '02:55:46:4f:00:04', '198.51.100.254', '2001:db8:1::fe'),
  },
};

/** The lab that this process runs in, or null. */
export function insideLab(): LabInfo | null {
  const text = process.env[LAB_VARIABLE];
  if (text === undefined || text === '') return null;
  try {
    return JSON.parse(text) as LabInfo;
  } catch {
    return null;
  }
}

/** As `insideLab`, for what makes sense in a lab only. Throws `ERR_UFO_NO_LAB` outside one. */
export function requireLab(): LabInfo {
  const lab = insideLab();
  if (lab === null) throw new UfoError('ERR_UFO_NO_LAB', 'not inside a lab', 'run it under: udp-ufo lab -- COMMAND');
  return lab;
}

/** The argument vector that runs a command on the far host of this lab: `spawn(...farCommand('ip', ['addr']))`. */
export function farCommand(command: string, args: readonly string[]): [string, string[]] {
  return hostCommand(requireLab().far, command, args);
}

/** The argument vector that runs a command in the network namespace of `where`. */
export function hostCommand(where: LabHost, command: string, args: readonly string[]): [string, string[]] {
  const [program, ...prefix] = netnsPrefix(where);
  return [program, [...prefix, command, ...args]];
}

/** The words in front of a command that is to run in the network namespace of `where`. */
export function netnsPrefix(where: LabHost): [string, ...string[]] {
  return ['nsenter', `--net=${where.netns}`, '--'];
}

function host(name: string, mac: string, ipv4: string, ipv6: string): LabHost {
  return { interface: `${name}0`, mac, ipv4, ipv6, netns: `/run/netns/${name}` };
}

function routerSide(name: string, mac: string, ipv4: string, ipv6: string): LabHost {
  return { interface: name, mac, ipv4, ipv6, netns: '/run/netns/router' };
}
