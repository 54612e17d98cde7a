/**
 * Sends the largest IPv4 datagram by an interface of your choice, and says which way it took.
 *
 *     npx udp-ufo lab -- node dist/examples/send-on-test-interface.js [INTERFACE] [ADDRESS] [PORT]
 *
 * Outside a lab it needs CAP_NET_RAW: sudo node …
 */
import { createSocket } from 'udp-ufo';

const [name = 'near0', address = '192.0.2.2', port = '9999'] = process.argv.slice(2);

await using socket = createSocket({ type: 'udp4', interface: name });
socket.on('error', ({ message }: Error) => console.log(message)); // what ICMP tells: nothing may listen there
await socket.connect(Number(port), address);
const { way, why, ident, fragments, octets } = await socket.send(Buffer.alloc(65_507, 'ufo'));
console.log(`${octets} octets in ${fragments} fragments with id ${ident} by ${name}: ${way}, ${why}`);
