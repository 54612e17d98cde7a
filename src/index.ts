import './entry/programs.js';

export type { Capture, CaptureStats } from './capture/capture.js';
export { type CaptureOptions, openCapture as capture } from './capture/open-capture.js';
export { Expectation, type ExpectedDatagram } from './compare/expectation.js';
export { UfoError } from './errors.js';
export type { PlanText } from './faults/language.js';
export { type FaultPlan, plan } from './faults/plan.js';
export type { StepCall } from './faults/step.js';
export type { ExtensionHeader } from './skb/flow.js';
export type { PagesSent, SendResult, SendSummary } from './socket/flight/datagram.js';
export type { Way } from './socket/flight/way.js';
export type {
  FileOptions,
  ManyOptions,
  Pacer,
  SendOptions,
  SocketAddress,
  SocketOptions,
  To,
} from './socket/options.js';
export type { Pages } from './socket/pages.js';
export type { PathInfo } from './socket/path/info.js';
export { createSocket, type UfoSocket } from './socket/socket.js';
export type { DriverName, LostFrames } from './tx/net-device.js';
export { countingIdents, createIdentSource, type IdentSource } from './ufo/ident.js';
export type { FragmentPlan, PlanContext, PlannedFragment } from './ufo/plan.js';
export { type SegmentOptions, segment } from './ufo/segment-datagram.js';
export type { DatagramVerdict, UdpVerdict, VerifySummary } from './verify/verdict.js';
export { type VerifyStreamOptions, verify } from './verify/verify.js';
export { type Frame, frameData } from './wire/frame.js';
export { pcapFormat } from './wire/pcap-format.js';
export { encodePcap } from './wire/pcap-writer.js';
