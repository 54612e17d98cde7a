import { capture } from './capture.js';
import type { Command } from './command.js';
import { completion } from './completion.js';
import { doctor } from './doctor.js';
import { lab } from './lab.js';
import { segment } from './segment.js';

/** Every command, in the order `--help` shows them. A new one is one import and one word here. */
export const COMMANDS: readonly Command[] = [capture, segment, lab, doctor, completion];
