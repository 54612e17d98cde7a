export { UfoError } from './errors.js';
export { type Frame, frameData } from './wire/frame.js';
