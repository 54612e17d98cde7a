import { SENT_HEADERS, SENT_WAY } from '../app/common/driver-options.js';
import { usageError } from '../errors.js';
import {
  choice,
  count,
  flag,
  flagOrDuration,
  flowEndpoint,
  htmlFile,
  json,
  ports,
  required,
  sources,
  withDefault,
} from '../options/builders.js';
import { PACE_EXCLUSIVE, PACE_OPTIONS } from '../options/pace.js';
import { PAYLOAD_EXCLUSIVE, PAYLOAD_OPTIONS } from '../options/payload.js';
import { PLAN_OPTION } from '../options/plan.js';
import { PROOF_OPTIONS } from '../options/proof.js';
import { REACH_OPTIONS } from '../options/reach.js';
import { defineCommand } from './command.js';
import { stepNames } from './names.js';

/** `udp-ufo send HOST:PORT …`. */
export const send = defineCommand({
  name: 'send',
  describe: 'Send datagrams as fragments of the size wanted, and prove it on the wire if asked to',
  positionals: {
    destination: required(
      flowEndpoint({
        describe:
          'HOST:PORT, [IPv6]:PORT; of lists, ranges and prefixes (192.0.2.2-192.0.2.9:9000-9099) each is a flow',
      }),
    ),
  },
  options: {
    ...PAYLOAD_OPTIONS,
    timestamps: flag({
      describe: 'generated payloads of 32 octets or more say when they were sent: receive tells delay and jitter',
      group: 'payload',
    }),
    ...PACE_OPTIONS,
    ...SENT_HEADERS,
    source: sources({
      describe: "ADDRESS or ADDRESS:PORT to send from; several of this host's (A,B, A-B, A/28) are flows",
      group: 'headers',
    }),
    plan: { ...PLAN_OPTION, completes: stepNames },
    sourcePorts: ports({
      name: 'source-port',
      describe: 'UDP port to send from; of several (1000-1999,3000) each is a flow, and held meanwhile',
      group: 'headers',
      range: '1 … 65535',
    }),
    flowOrder: withDefault(
      choice({ describe: 'flows in turn, or at random by the seed', group: 'headers' }, ['turn', 'random']),
      'turn',
    ),
    ipv4: flag({ describe: 'only IPv4 addresses of a name', group: 'way', alias: '4' }),
    ipv6: flag({ describe: 'only IPv6 addresses of a name', group: 'way', alias: '6' }),
    ...SENT_WAY,
    ...REACH_OPTIONS,
    queues: withDefault(
      count(
        {
          describe:
            'senders side by side, each with a core, socket, source port, queue and stretch of idents of its own (--ident: each COUNT / N behind the one before); needs --size',
          group: 'way',
        },
        { min: 1, max: 64 },
      ),
      '1',
    ),
    ...PROOF_OPTIONS,
    html: htmlFile,
    echoCheck: flagOrDuration(
      {
        describe:
          'hold what an echo sends back against it: round-trip times, lost, altered; wait TIME for the last (1s)',
        group: 'proof',
      },
      1000,
    ),
    json,
  },
  exclusive: [...PAYLOAD_EXCLUSIVE, ...PACE_EXCLUSIVE, ['ipv4', 'ipv6']],
  examples: [
    ['lab -- udp-ufo send 192.0.2.2:9999 --size 65507 --verify', '45 fragments, held against what was sent'],
    ['send [2001:db8::2]:9999 --file photo.raw --datagram-size 60000', 'a file in datagrams'],
    ['send 192.0.2.2:9999 --size 1400 --duration 10s --rate 10kdps --interval 1s', 'a steady stream'],
    [
      'send 192.0.2.2:9999 --size 1400 --count 1000 --rate 500/s --echo-check',
      'round-trip times, against receive --echo',
    ],
    ['send 192.0.2.2:9000-9099 --source-port 1000-1009 --size 1400 --count 10k', 'a thousand flows in turn'],
    ['send 192.0.2.2:9999 --size 65507 --dry-run --pcap out.pcap', 'what would go out'],
  ],
  handler: async ({ duration, interval, gap, rate, ipv4, ipv6, echoCheck, ...values }, { output, signal }) => {
    if (values.seed !== undefined && values.size === undefined) {
      throw usageError('--seed: only generated payloads have one', 'add --size');
    }
    const { send } = await import('../app/send/send.js');
    const job = {
      ...values,
      family: ipv4 ? (4 as const) : ipv6 ? (6 as const) : undefined,
      rate: gap === undefined ? rate : { perSecond: 1000 / gap, unit: 'datagrams' as const },
      gapMs: gap,
      durationMs: duration,
      intervalMs: interval,
      echoCheckMs: echoCheck,
    };
    return send(job, output, signal);
  },
});
