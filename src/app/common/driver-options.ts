import { choice, withDefault } from '../../options/builders.js';
import { HEADER_OPTIONS } from '../../options/headers.js';
import type { Option } from '../../options/option.js';
import { WAY_OPTIONS } from '../../options/way.js';
import { DEFAULT_DRIVER } from '../../socket/path/choose-driver.js';
import { DRIVERS } from '../../tx/driver.js';
import { ALL_TRAITS } from '../../tx/drivers.js';

/** Drivers that send, of which `--help` names those that honour an option where not all do. */
const SENDING = ALL_TRAITS.filter(({ sends }) => sends);

/** Headers as `send` offers them. */
export const SENT_HEADERS = withDrivers(HEADER_OPTIONS);

const { interface: interfaceName, queue, qdiscBypass } = WAY_OPTIONS;
/** The way out as `send` offers it; the file of pcap-file is `--pcap`. */
export const SENT_WAY = {
  ...withDrivers({ interface: interfaceName, queue, qdiscBypass }),
  driver: withDefault(choice({ describe: 'how packets leave', group: 'way' }, [...DRIVERS, 'auto']), DEFAULT_DRIVER),
};

/** Drivers that honour an option, in both families or at least in one. */
function driversThatHonour(option: string, among = SENDING): string[] {
  return among.filter(({ honours }) => (honours as readonly string[]).includes(option)).map(({ name }) => name);
}

function withDrivers<O extends object>(options: O): O {
  const entries = Object.entries<Option<unknown>>(options as Record<string, Option<unknown>>).map(([key, option]) => {
    const drivers = driversThatHonour(key);
    return [key, drivers.length === SENDING.length ? option : { ...option, drivers }];
  });
  return Object.fromEntries(entries) as O;
}
