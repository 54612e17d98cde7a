/** A worker on the far host: tells that it is bound, then every datagram's text. */
import { createSocket } from 'node:dgram';
import { parentPort } from 'node:worker_threads';
import { enterFar, insideLab } from '../../src/host/lab.js';

enterFar();
const socket = createSocket('udp4');
socket.on('message', (message) => parentPort?.postMessage(message.toString()));
socket.bind(9001, insideLab()?.far.ipv4, () => parentPort?.postMessage('bound'));
