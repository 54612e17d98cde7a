export { UfoError } from './errors.js';
export type { SendResult, SendSummary } from './socket/datagram.js';
export type { ManyOptions, Pacer, SocketOptions, To } from './socket/options.js';
export { createSocket, type SocketAddress, UfoSocket } from './socket/socket.js';
export type { Way } from './socket/way.js';
export type { DriverName, LostFrames } from './tx/net-device.js';
export { type Frame, frameData } from './wire/frame.js';
