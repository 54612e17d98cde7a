import { C_UDP } from '../contestants/yardsticks.js';
import type { Part } from '../parts/part.js';
import { describeScenario, MAIN, NULL, packetsOf, type Scenario } from '../scenario.js';
import { median } from '../statistics.js';
import type { MeasuredIn } from './goals.js';

/**
 * What of a fragment's processor time is the wire's and the sink's, which every sender pays alike: that of the C program on
 * the wire, less that into a device that throws away. Nothing where one of the two was not measured.
 */
export function sinkCost(measured: MeasuredIn): Part[] {
  const [wire, nothing] = [fragmentNs(measured, MAIN), fragmentNs(measured, NULL)];
  if (!Number.isFinite(wire - nothing)) return [];
  const what = `wire and sink, ${C_UDP}: ${wire.toFixed(0)} ns, into a null device ${nothing.toFixed(0)}`;
  return [{ type: 'part', name: 'sink', what, value: wire - nothing, unit: 'ns/fragment' }];
}

function fragmentNs(measured: MeasuredIn, scenario: Scenario): number {
  const found = measured.get(describeScenario(scenario))?.find(({ name }) => name === C_UDP);
  const costs = (found?.rounds ?? []).flatMap(({ cpuSecondsPerGb }) => cpuSecondsPerGb ?? []);
  return (median(costs) * scenario.size) / packetsOf(scenario, scenario.mtu);
}
