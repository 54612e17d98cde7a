import { argumentError } from '../errors.js';
import { checkInterfaceName, flag, interfaceName, numbered, outputFile } from './builders.js';
import type { DriverOption, ValuesOf } from './option.js';

const group = 'way';

/** How packets leave the machine, as far as a driver is told. */
export const WAY_OPTIONS = {
  /** Interface to send by; default: where the kernel's routes lead. Needed with `destinationMac`. */
  interface: interfaceOption(),
  /** Queue of the interface to send by; default 0. */
  queue: numbered({ describe: 'transmit queue of the interface (0)', group }, { min: 0, max: 4095 }),
  /** Past the queueing layer. Captures on this interface see nothing then. */
  qdiscBypass: bypassOption(),
  /** Where to write, `-` for stdout. */
  file: fileOption(),
} as const;

export type WayValues = ValuesOf<typeof WAY_OPTIONS>;

function interfaceOption(): DriverOption<string> {
  const plain = interfaceName({ describe: 'interface to send by; default: where the routes lead', group, alias: 'i' });
  return { ...plain, check: checkInterfaceName };
}

function bypassOption(): DriverOption<boolean> {
  const plain = flag({ describe: 'past the queueing layer', group });
  return {
    ...plain,
    check: (given, name) => {
      if (typeof given !== 'boolean') throw argumentError(name, given, 'true or false');
    },
    neutral: (given) => !given,
  };
}

function fileOption(): DriverOption<string> {
  return {
    ...outputFile({ describe: 'file that is written instead of sending', group }),
    check: (given, name) => {
      if (typeof given !== 'string' || given === '') throw argumentError(name, given, 'a file name, or - for stdout');
    },
  };
}
