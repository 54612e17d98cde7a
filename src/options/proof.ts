import { flag, flagOrString, outputFile } from './builders.js';

const group = 'proof';

/** How what was sent is shown to be right. */
export const PROOF_OPTIONS = {
  verify: flagOrString({
    describe: 'prove it on the wire, on the sending interface or on IF (far0: far host of a lab)',
    group,
    completes: 'interface',
  }),
  strict: flag({ describe: 'with --verify: nothing may change on the way, as routers may TTL, DSCP and MTU', group }),
  pcap: outputFile({
    describe: 'write what --verify captures, or what --dry-run would send, to this file; - is stdout',
    group,
    alias: 'w',
  }),
  save: outputFile({ describe: 'write what was sent to this file, for verify --expect', group }),
  dryRun: flag({ describe: 'send nothing; no privilege needed', group }),
} as const;
