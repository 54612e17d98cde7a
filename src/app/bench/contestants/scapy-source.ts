/**
 * scapy as its manual has it: build, `fragment`, and one raw socket kept open. Orders on standard input as `LineProcess`
 * gives them. It resolves neighbours by itself, which a sink that drops everything would not let it: the MAC is given.
 * argv: address, port, octets of payload, MTU, interface, MAC
 */
export const SCAPY_PY = `
import json, logging, resource, sys, time
logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.all import IP, UDP, Raw, conf, fragment

address, port, size, mtu = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
interface, mac = sys.argv[5], sys.argv[6]
conf.verb = 0
conf.netcache.arp_cache[address] = mac
socket = conf.L3socket(iface=interface)
payload = Raw(b"x" * size)
ident = 0


def send():
    global ident
    ident = ident % 65535 + 1
    pieces = fragment(IP(dst=address, id=ident) / UDP(sport=4242, dport=port) / payload, fragsize=(mtu - 20) // 8 * 8)
    for piece in pieces:
        socket.send(piece)
    return len(pieces)


print("{}", flush=True)
for line in sys.stdin:
    kind, limit = line.split()
    limit = int(limit)
    before = resource.getrusage(resource.RUSAGE_SELF)
    begin = time.monotonic()
    end = begin + limit / 1000
    datagrams = packets = 0
    while datagrams < limit if kind == "n" else time.monotonic() < end:
        packets += send()
        datagrams += 1
    took = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"datagrams": datagrams, "packets": packets, "seconds": took, "cpuSeconds": cpu,
                      "peakRss": after.ru_maxrss * 1024}), flush=True)
`;
