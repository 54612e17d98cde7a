import { findRoute, type Route } from '../host/route.js';
import { formatAddress } from '../wire/address.js';

/** Where datagrams go: what a device needs to know before the first one. */
export interface LinkRequest {
  readonly family: 4 | 6;
  /** 4 or 16 octets: where the IP header points, the first hop of a source route. */
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  /** The way there, where the caller has asked for it already. */
  readonly route?: Route;
  readonly signal?: AbortSignal;
}

/** The route to an address by one interface, whatever the others prefer: what is known of it, or what the kernel says. */
export function routeBy(interfaceName: string, { destination, source, route }: LinkRequest): Promise<Route> {
  const address = formatAddress(destination);
  if (route?.destination === address && route.interface === interfaceName) return Promise.resolve(route);
  return findRoute(address, { interface: interfaceName, source: formatAddress(source) });
}
