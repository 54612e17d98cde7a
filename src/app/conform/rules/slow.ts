import { both, ONE, R6, type Rule, SIZE, type Want } from './rule.js';

/** What fills a receiver's memory for fragments until its reassembly time is over: asked behind everything else. */
export const HEAVY_RULES: readonly Rule[] = [
  ...both(
    { demand: 'fragments of 8 octets, 8,190 of them', plan: 'sizes(8)', size: 65_507, want: ONE, limit: true },
    'RFC 791 §2.3',
    R6,
  ),
];

const TIME_EXCEEDED_6: Want = {
  ...{ delivered: 0, seconds: [60, 60] },
  icmp: { kind: 'timeExceeded', code: 1, must: false },
};

/** The specification has this question twice: between global addresses, and as 1.3.2 D between link-local ones. */
const GLOBAL = '1.3.2 C';
const LINK_LOCAL = '1.3.2 D';

/** What takes a reassembly time, asked of this address: left out by `--fast`. All are asked at once, and waited for together. */
export function slowRules(host: string): readonly Rule[] {
  if (!/^fe[89ab]/i.test(host)) return SLOW_RULES;
  return SLOW_RULES.map((rule) => (rule.ready === GLOBAL ? { ...rule, ready: LINK_LOCAL } : rule));
}

const SLOW_RULES: readonly Rule[] = [
  {
    demand: 'a fragment missing: Time Exceeded code 1 after 60 to 120 s',
    section: 'RFC 1122 §3.3.2',
    family: 4,
    plan: 'drop(last)',
    size: SIZE,
    want: { delivered: 0, icmp: { kind: 'timeExceeded', code: 1, must: false }, seconds: [60, 120] },
  },
  {
    demand: 'fragment 0 missing: no Time Exceeded',
    section: 'RFC 792',
    family: 4,
    plan: 'drop(1)',
    size: SIZE,
    want: { delivered: 0, silent: true },
  },
  {
    demand: 'the last within 60 s: put together',
    section: R6,
    ready: '1.3.2 A',
    family: 6,
    plan: 'delay(last, 50000)',
    size: SIZE,
    want: ONE,
  },
  {
    demand: 'the last missing: Time Exceeded code 1 after 60 s',
    section: R6,
    family: 6,
    plan: 'drop(last)',
    size: SIZE,
    want: TIME_EXCEEDED_6,
  },
  {
    demand: 'the others after 65 s: Time Exceeded code 1 after 60 s, not put together',
    section: R6,
    ready: '1.3.2 B',
    family: 6,
    plan: 'delay(2, 65000)',
    size: SIZE,
    want: TIME_EXCEEDED_6,
  },
  {
    demand: 'the second after 55 s, the last after 65 s: Time Exceeded code 1 after 60 s, not put together',
    section: R6,
    ready: GLOBAL,
    family: 6,
    plan: 'delay(2, 55000), delay(3, 10000)',
    size: SIZE,
    want: TIME_EXCEEDED_6,
  },
  {
    demand: 'fragment 0 missing: no Time Exceeded',
    section: R6,
    ready: '1.3.2 E',
    family: 6,
    plan: 'drop(1)',
    size: SIZE,
    want: { delivered: 0, silent: true },
  },
];
