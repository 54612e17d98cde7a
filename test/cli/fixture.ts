import { createOutput } from '../../src/app/common/output.js';
import { type Command, defineCommand } from '../../src/cli/command.js';
import { run } from '../../src/cli/run.js';
import * as option from '../../src/options/builders.js';
import { HEADER_OPTIONS } from '../../src/options/headers.js';
import { TextSink } from '../app/common/text-sink.js';

/** A command with one option of each kind that hands back what its handler got. */
export function probe(seen: (values: Readonly<Record<string, unknown>>, rest: readonly string[]) => void): Command {
  return defineCommand({
    name: 'probe',
    describe: 'Shows what the command line came to',
    positionals: { target: option.required(option.endpoint({ describe: 'where to' })) },
    options: {
      interface: option.interfaceName({ describe: 'interface', alias: 'i' }),
      size: option.size({ describe: 'octets of payload' }),
      datagramSize: option.size({ describe: 'octets of each' }),
      file: option.string({ describe: 'payload file' }),
      count: option.withDefault(option.count({ describe: 'how many' }), '1'),
      duration: option.duration({ describe: 'how long' }),
      rate: option.rate({ describe: 'how fast' }),
      mtu: HEADER_OPTIONS.mtu,
      source: option.endpointOrHost({ describe: 'from where' }),
      address: option.address({ describe: 'address' }),
      port: option.port({ describe: 'port' }),
      idents: HEADER_OPTIONS.idents,
      ttl: HEADER_OPTIONS.ttl,
      tos: HEADER_OPTIONS.tos,
      destinationMac: HEADER_OPTIONS.destinationMac,
      driver: option.choice({ describe: 'driver' }, ['raw-socket', 'packet-socket']),
      verify: option.flagOrString({ describe: 'verify' }),
      json: option.json,
    },
    exclusive: [['size', 'file']],
    rest: 'WORD …',
    examples: [['probe 192.0.2.1:9', 'does nothing']],
    handler: async (values, { rest }) => seen(values, rest),
  });
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly rest: readonly string[];
}

/** Runs `args` in this process against `probe` and whatever `more` commands. */
export async function runHere(args: readonly string[], more: readonly Command[] = []): Promise<Ran> {
  let values: Readonly<Record<string, unknown>> = {};
  let rest: readonly string[] = [];
  const [stdout, stderr] = [new TextSink(), new TextSink()];
  const seen = (got: typeof values, behind: typeof rest): void => {
    values = got;
    rest = behind;
  };
  const code = await run(args, [probe(seen), ...more], createOutput(stdout, stderr));
  return { code, stdout: stdout.text, stderr: stderr.text, values, rest };
}
