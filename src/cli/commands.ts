import { bench } from './bench.js';
import { capture } from './capture.js';
import type { Command } from './command.js';
import { compare } from './compare.js';
import { completion } from './completion.js';
import { conform } from './conform.js';
import { demo } from './demo.js';
import { doctor } from './doctor.js';
import { lab } from './lab.js';
import { path } from './path.js';
import { plan } from './plan.js';
import { reassemble } from './reassemble.js';
import { receive } from './receive.js';
import { replay } from './replay.js';
import { segment } from './segment.js';
import { send } from './send.js';
import { verify } from './verify.js';

/** Every command, in the order `--help` shows them. A new one is one import and one word here. */
export const COMMANDS: readonly Command[] = [
  demo,
  send,
  receive,
  capture,
  verify,
  segment,
  reassemble,
  replay,
  plan,
  compare,
  path,
  conform,
  lab,
  doctor,
  bench,
  completion,
];
