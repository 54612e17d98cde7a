import { interfaceName, json } from '../options/builders.js';
import { defineCommand } from './command.js';

export const doctor = defineCommand({
  name: 'doctor',
  describe: 'What this host and interface can do, which drivers work, and what to install or allow',
  options: {
    interface: interfaceName({ describe: 'look at this interface too', alias: 'i' }),
    json,
  },
  examples: [
    ['doctor', 'as this user, on this host'],
    ['doctor -i eth0 --json', 'an interface too, for programs'],
    ['lab -- udp-ufo doctor -i near0', 'inside the test network'],
  ],
  handler: async (values, { output }) => {
    const { doctor } = await import('../app/doctor/doctor.js');
    return doctor(values, output);
  },
});
