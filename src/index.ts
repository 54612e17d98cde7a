export { UfoError } from './errors.js';
export type { ExtensionHeader } from './skb/flow.js';
export type { SendResult, SendSummary } from './socket/datagram.js';
export type { FileOptions, ManyOptions, Pacer, SendOptions, SocketOptions, To } from './socket/options.js';
export type { Pages } from './socket/pages.js';
export { createSocket, type PagesSent, type SocketAddress, UfoSocket } from './socket/socket.js';
export type { Way } from './socket/way.js';
export type { DriverName, LostFrames } from './tx/net-device.js';
export { type Frame, frameData } from './wire/frame.js';
