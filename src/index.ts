/// <reference types="node" preserve="true" />
import './entry/programs.js';

export type { Capture, CaptureStats } from './capture/capture.js';
export { type CaptureOptions, openCapture as capture } from './capture/open-capture.js';
export { IcmpError } from './companion/icmp-error.js';
export type { Comparison } from './compare/comparison.js';
export type { Difference, DifferenceCount } from './compare/difference.js';
export { Expectation, type ExpectationOptions } from './compare/expectation.js';
export type { ExpectedDatagram, ExpectedHeaders, ExpectedPayload } from './compare/expected.js';
export { FrameExpectation, type FrameExpectationOptions } from './compare/frames/expectation.js';
export { UfoError } from './errors.js';
export type { PlanText } from './faults/language.js';
export { type FaultPlan, plan } from './faults/plan.js';
export type { StepCall } from './faults/step.js';
export { parseRewriting, type Rewriting } from './options/rewriting.js';
export type { ExtensionHeader } from './skb/flow.js';
export type { Message, Octets } from './socket/dgram/message.js';
export type { SocketEvents } from './socket/events.js';
export { StreamCounts } from './socket/flight/counts.js';
export type { PagesSent, SendResult, SendSummary } from './socket/flight/datagram.js';
export type { StreamItem, StreamSource } from './socket/flight/feeds.js';
export type { Way } from './socket/flight/way.js';
export { type FrameOptions, type FramesSummary, sendFrames } from './socket/frames/send-frames.js';
export type {
  FileOptions,
  FlowEnds,
  Flows,
  ManyOptions,
  Pacer,
  SendOptions,
  SocketAddress,
  SocketOptions,
  To,
} from './socket/options.js';
export { createPacer, type PacerOptions, type RateUnit } from './socket/pacing.js';
export type { Pages } from './socket/pages.js';
export type { PathInfo } from './socket/path/info.js';
export { createSocket, type UfoSocket } from './socket/socket.js';
export type { DriverName, LostFrames } from './tx/net-device.js';
export { countingIdents, createIdentSource, type IdentSource } from './ufo/ident.js';
export type { FragmentPlan, PlanContext, PlannedFragment } from './ufo/plan.js';
export { type SegmentOptions, segment } from './ufo/segment-datagram.js';
export type { DatagramVerdict, UdpVerdict, VerifySummary } from './verify/verdict.js';
export { type VerifyStreamOptions, verify } from './verify/verify.js';
export { encodePcap } from './wire/capture-encoder.js';
export type { VlanTag } from './wire/ethernet.js';
export { type Frame, frameData } from './wire/frame.js';
export {
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
} from './wire/link-layer.js';
export { pcapFormat } from './wire/pcap-format.js';
