import type { Target } from '../target.js';
import { pcap, pcapng } from './captures.js';
import { headers, knownAgain, linkLayers } from './frames.js';
import { json } from './json.js';
import { languages } from './languages.js';
import { plans } from './plans.js';
import { reassembly } from './reassembly.js';

/** All that takes what others made. */
export const TARGETS: readonly Target[] = [
  pcap,
  pcapng,
  linkLayers,
  headers,
  knownAgain,
  reassembly,
  plans,
  languages,
  json,
];
