import { findStep, STEPS, signature } from '../../faults/catalog.js';
import { drawPackets } from '../../faults/drawing.js';
import { readPlan } from '../../faults/language.js';
import { type Outcome, outcomes } from '../../faults/outcome.js';
import { type PlanPacket, placeOf, plannedFragment } from '../../faults/packet.js';
import { type FaultPlan, plan } from '../../faults/plan.js';
import { RULES } from '../../faults/rules.js';
import type { Step, StepCall } from '../../faults/step.js';
import { makePayload } from '../../payload/generated.js';
import type { FragmentPlan, PlanContext } from '../../ufo/plan.js';
import { segment } from '../../ufo/segment-datagram.js';
import { counted } from '../common/figures.js';
import type { Output } from '../common/output.js';

interface PlanShowOptions {
  /** As typed: the small language, or JSON. */
  readonly plan: string;
  readonly size: number;
  readonly mtu: number;
  /** Default: what its steps are for, else IPv4. */
  readonly family?: 4 | 6 | undefined;
  readonly json: boolean;
}

/** Addresses for documentation (RFC 5737, RFC 3849): nothing is sent. */
const FLOWS = {
  4: { source: { address: '192.0.2.1', port: 1111 }, destination: { address: '192.0.2.2', port: 9999 } },
  6: { source: { address: '2001:db8::1', port: 1111 }, destination: { address: '2001:db8::2', port: 9999 } },
} as const;
const IDENT = 0x04d2;
/** A datagram of four fragments, for the drawings of the list. */
const EXAMPLE = { size: 4400, mtu: 1280 };

export const STEP_NAMES: readonly string[] = STEPS.map(({ name }) => name);

interface Made {
  readonly packets: readonly PlanPacket[];
  readonly outcomes: readonly Outcome[];
}

/** `udp-ufo plan list`: every step with what it does, a drawing, and what receivers must make of it. */
export async function listSteps(json: boolean, output: Output): Promise<void> {
  for (const step of STEPS) {
    if (json) {
      const { name, does, demands, example, family } = step;
      await output.json({ name, signature: signature(step), does, example: [name, ...example], family, demands });
      continue;
    }
    for (const line of describeStep(step)) await output.line(line);
  }
  if (json) return;
  await output.line('Steps are joined by commas and work from left to right: udp-ufo plan show "last-first, drop(2)".');
  await output.line('As JSON: [["last-first"], ["drop", 2]]. i counts from 1; −1 or last is the last one.');
}

function describeStep(step: Step): string[] {
  const example: StepCall = [step.name, ...step.example];
  const family = step.family ?? 4;
  const { packets } = make(plan([example]), family, EXAMPLE.size, EXAMPLE.mtu);
  return [
    signature(step),
    `  ${step.does}`,
    `  receivers: ${step.demands}`,
    `  ${step.example.length === 0 ? step.name : `${step.name}(${step.example.join(', ')})`}:`,
    ...drawPackets(packets),
    '',
  ];
}

/** `udp-ufo plan show PLAN`: what comes out for a size and an MTU, and what a receiver and `verify` must say. */
export async function showPlan(
  { plan: text, family: asked, size, mtu, json }: PlanShowOptions,
  output: Output,
): Promise<void> {
  const family = asked ?? readPlan(text, 'PLAN').find(({ step }) => step.family !== undefined)?.step.family ?? 4;
  const made = make(plan(text, 'PLAN'), family, size, mtu);
  if (json) {
    await output.json({ type: 'plan', plan: readPlan(text, 'PLAN').map(({ call }) => call), family, size, mtu });
    for (const packet of made.packets) await output.json(packetFacts(packet));
    for (const one of made.outcomes) await output.json(outcomeFacts(one));
    return;
  }
  for (const { call } of readPlan(text, 'PLAN')) {
    const step = findStep(call[0])!;
    await output.line(`${signature(step)}: ${step.does}`);
  }
  await output.line(
    `\nIPv${family}, ${size} octets of payload, MTU ${mtu}: ${counted(made.packets.length, 'packet')}, in this order`,
  );
  for (const line of drawPackets(made.packets)) await output.line(line);
  for (const line of describeOutcomes(made.outcomes)) await output.line(line);
}

function make(given: FaultPlan, family: 4 | 6, size: number, mtu: number): Made {
  let made: Made = { packets: [], outcomes: [] };
  const watched: FragmentPlan = {
    text: given.text,
    apply: (fragments, context: PlanContext) => {
      const packets = given.packets(fragments, context);
      made = { packets, outcomes: outcomes(packets, context.pseudoSum) };
      return packets.map(plannedFragment);
    },
  };
  for (const _frame of segment({
    ...FLOWS[family],
    payload: makePayload(size, 1, 0),
    mtu,
    ident: IDENT,
    plan: watched,
  }));
  return made;
}

function describeOutcomes(all: readonly Outcome[]): string[] {
  if (all.length === 0) return ['', 'Nothing is sent: nothing arrives, and nothing was lost.'];
  const delivered = { yes: 'is delivered', no: 'is not delivered', either: 'may be delivered or not' } as const;
  return all.flatMap((one) => [
    '',
    `The datagram with id 0x${one.ident.toString(16)} ${delivered[one.delivered]}; verify says ${one.verdict}.`,
    ...[...one.faults].map((fault) => {
      const rule = RULES[fault][one.family];
      return `  ${fault}: a receiver ${rule.does} (${rule.section})`;
    }),
  ]);
}

function packetFacts(packet: PlanPacket): object {
  const { payload, trailer, delayMs, datagram } = packet;
  const { offset, more, ident } = placeOf(packet);
  const facts = { offset, len: payload.length, more, ident, datagram, delayMs, trailing: trailer.length };
  return { type: 'packet', ...facts, header: Buffer.from(packet.header).toString('hex') };
}

function outcomeFacts({ faults, family, ...rest }: Outcome): object {
  const why = [...faults].map((fault) => ({ fault, ...RULES[fault][family] }));
  return { type: 'outcome', family, ...rest, faults: why };
}
