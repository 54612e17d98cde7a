/**
 * An ordinary UDP socket for both families, in a process of its own: tells its port, then what it was given of every
 * datagram (`FarReceived`), a line of JSON each. Ends when its standard input does.
 */
import { createSocket } from 'node:dgram';
import { sha256 } from '../payload/sha256.js';

/** Asked for; the kernel cuts it to net.core.rmem_max, which holds two of the largest datagrams at least. */
const RECEIVE_BUFFER = 4 << 20;

const socket = createSocket({ type: 'udp6', recvBufferSize: RECEIVE_BUFFER });
socket.on('message', (message, { port }) => {
  console.log(JSON.stringify({ port, length: message.length, sha256: sha256(message) }));
});
socket.bind(0, '::', () => console.log(JSON.stringify({ bound: socket.address().port })));
process.stdin.on('close', () => process.exit()).resume();
