import { FRAME_WAYS, type FrameDriver } from '../../socket/frames/ways.js';

/** The drivers that `replay` offers. */
export const FRAME_DRIVERS = Object.keys(FRAME_WAYS) as FrameDriver[];
