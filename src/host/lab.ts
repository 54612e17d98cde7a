/** The rootless lab: start one (`runInLab`), know that you are in one (`insideLab`), and use its far host. */
export * from './enter-netns.js';
export * from './lab-info.js';
export { MIDDLEBOXES } from './lab-middleboxes.js';
export { pinNeighbours, scratchFolder, setLabMtu } from './lab-network.js';
export { exitStatus, type LabExit, type RunInLabOptions, runInLab } from './run-in-lab.js';
