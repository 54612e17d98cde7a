import { release } from 'node:os';
import { findInterface, type NetworkInterface } from '../../host/interfaces.js';
import { readPrivileges } from '../../host/privileges.js';
import { EXIT, type ExitCode } from '../common/exit-codes.js';
import type { Output } from '../common/output.js';
import { autoChoices, driverChecks, sendsFragments } from './drivers.js';
import { interfaceChecks, kernelChecks, privilegeChecks } from './host.js';
import { ipCheck, packageChecks, peerChecks } from './packages.js';
import type { DoctorReport } from './report.js';
import { formatDoctor } from './text.js';

interface DoctorArguments {
  readonly interface: string | undefined;
  readonly json: boolean;
}

/** Prints what this host and interface can do. 0 where something can send fragments, 3 where nothing can. */
export async function doctor(args: DoctorArguments, output: Output): Promise<ExitCode> {
  const report = await examine(args.interface);
  await (args.json ? output.json(report) : output.line(formatDoctor(report)));
  return report.canSend ? EXIT.ok : EXIT.device;
}

/** Looks and touches nothing: sockets are opened to see whether they may be, and closed unused. */
export async function examine(interfaceName?: string): Promise<DoctorReport> {
  const link: NetworkInterface | undefined =
    interfaceName === undefined ? undefined : await findInterface(interfaceName);
  const privileges = readPrivileges();
  const packages = [...(await packageChecks()), await ipCheck()];
  const drivers = driverChecks(packages, privileges, link);
  const checks = link === undefined ? [] : await interfaceChecks(link);
  const down = checks.some(({ name, state }) => name === 'link' && state === 'missing');
  return {
    node: process.version,
    kernel: release(),
    packages,
    privileges: privilegeChecks(privileges),
    network: kernelChecks(),
    interface: link === undefined ? null : { name: link.name, checks },
    peers: await peerChecks(),
    drivers,
    auto: autoChoices(drivers),
    canSend: !down && drivers.some((driver) => driver.usable && sendsFragments(driver.name)),
  };
}
