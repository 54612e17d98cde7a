import { file, flag, flagOrString } from './builders.js';

const group = 'proof';

/** How what was sent is shown to be right. */
export const PROOF_OPTIONS = {
  verify: flagOrString({
    describe: 'prove it on the wire, on the sending interface or on IF (far0: far host of a lab)',
    group,
    completes: 'interface',
  }),
  pcap: file({
    describe: 'write what --verify captures, or what --dry-run would send, to this file; - is stdout',
    group,
    alias: 'w',
  }),
  dryRun: flag({ describe: 'send nothing; no privilege needed', group }),
} as const;
