"""Prints one line of hex for each packet on any interface of the host that goes where no packet of a bottle may go:
to port 53, to the documentation networks 198.51.100.0/24 and 2001:db8::/32, or to the metadata address."""
import ctypes, socket, struct

ETH_P_ALL, SO_ATTACH_FILTER = 3, 26
LDB, LDH, LDW, LDH_X, LDX_MSH, JEQ, AND, RET = 0x30, 0x28, 0x20, 0x48, 0xB1, 0x15, 0x54, 0x06

# Classic BPF (filter.txt of the kernel): offsets start at the IP header, since the socket is a SOCK_DGRAM one.
program = [
    (LDB, 0, 0, 0), (AND, 0, 0, 0xF0), (JEQ, 0, 10, 0x40),
    (LDW, 0, 0, 16), (JEQ, 16, 0, 0xA9FEA9FE), (AND, 0, 0, 0xFFFFFF00), (JEQ, 14, 0, 0xC6336400),
    (LDB, 0, 0, 9), (JEQ, 1, 0, 17), (JEQ, 0, 12, 6), (LDX_MSH, 0, 0, 0), (LDH_X, 0, 0, 2),
    (JEQ, 8, 9, 53),
    (JEQ, 0, 8, 0x60), (LDW, 0, 0, 24), (JEQ, 5, 0, 0x20010DB8), (LDB, 0, 0, 6),
    (JEQ, 1, 0, 17), (JEQ, 0, 3, 6), (LDH, 0, 0, 42), (JEQ, 0, 1, 53),
    (RET, 0, 0, 0x40000), (RET, 0, 0, 0),
]
code = b"".join(struct.pack("HBBI", *each) for each in program)
buffer = ctypes.create_string_buffer(code)
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
sniffer.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(program), ctypes.addressof(buffer)))
print("ready", flush=True)
while True:
    print(sniffer.recv(65535).hex(), flush=True)
