import { HeldPorts } from '../../companion/held-ports.js';
import { argumentError, usageError } from '../../errors.js';
import { listInterfaces } from '../../host/interfaces.js';
import { checkFlowCount } from '../../options/parse-flows.js';
import { parseAddress } from '../../wire/address.js';
import type { FlowWish } from '../common/flows.js';

/** What `send` is asked for, as far as it makes flows or goes with them. */
interface FlowRequest {
  readonly destination: { readonly hosts?: readonly string[]; readonly ports?: readonly number[] };
  readonly source?: { readonly hosts?: readonly string[] } | undefined;
  readonly sourcePorts?: readonly number[] | undefined;
  readonly flowOrder?: 'turn' | 'random' | undefined;
  readonly seed?: number | undefined;
  readonly echoCheckMs?: number | undefined;
  readonly queues?: number | undefined;
  readonly dryRun: boolean;
}

/**
 * The flows that were asked for; null where there is one only.
 * @throws UfoError ERR_UFO_USAGE, ERR_UFO_INVALID_ARGUMENT: too many, or what cannot be with several
 */
export function flowWish(
  request: FlowRequest,
  { address, port }: { readonly address: string; readonly port: number },
): FlowWish | null {
  const { destination, source, sourcePorts = [], seed = 1, flowOrder = 'turn' } = request;
  const { hosts = [address], ports = [port] } = destination;
  const addresses = hosts.length > 1 ? hosts : [address];
  const sources = (source?.hosts?.length ?? 0) > 1 ? source!.hosts! : [undefined];
  const fromPorts = sourcePorts.length > 1 ? sourcePorts : [undefined];
  const count = addresses.length * ports.length * sources.length * fromPorts.length;
  if (count === 1) return null;
  checkFlowCount(count);
  const ends = sources.flatMap((from) =>
    fromPorts.flatMap((sourcePort) =>
      addresses.flatMap((to) => ports.map((one) => ({ address: to, port: one, source: from, sourcePort }))),
    ),
  );
  return { ends, seed: flowOrder === 'random' ? seed : null };
}

/** @throws UfoError: what does not go with several flows, by name */
export async function checkFlows(request: FlowRequest, family: 4 | 6): Promise<void> {
  const { source, sourcePorts = [], echoCheckMs, queues = 1, dryRun } = request;
  if (echoCheckMs !== undefined && sourcePorts.length > 1)
    throw usageError('--echo-check: answers are heard on one source port', 'give --source-port one port');
  if (queues > 1 && sourcePorts.length > 1 && sourcePorts.length < queues) {
    const want = `at least ${queues}, for each of --queues to hold one`;
    throw argumentError('--source-port', `${sourcePorts.length} ports`, want);
  }
  const sources = source?.hosts ?? [];
  if (sources.length < 2 || dryRun) return;
  const own = (await listInterfaces()).flatMap(({ addresses }) => addresses.map(({ address }) => canonical(address)));
  for (const one of sources) {
    if (parseAddress(one)?.family !== family)
      throw argumentError('--source', one, `IPv${family} addresses, as DESTINATION is one`);
    if (!own.includes(canonical(one)))
      throw argumentError('--source', one, 'addresses of this host where there are several', 'ip address shows them');
  }
}

/** Holds the source ports that no sender's own socket does: each of these binds one, from the first on. */
export function holdPorts({ sourcePorts = [], dryRun }: FlowRequest, family: 4 | 6, senders: number): HeldPorts | null {
  return dryRun || sourcePorts.length <= senders ? null : new HeldPorts(family, sourcePorts.slice(senders));
}

function canonical(address: string): string {
  return parseAddress(address)?.octets.join('.') ?? address;
}
