import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Transport } from '@vmstation/core';
import { onNode } from './two-node-workspace.ts';

/** Ports by protocol. */
export interface Ports {
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

// Whoever wants to be refused waits for it: nothing comes back from a port that is dropped.
const silenceMs = 1_500;

/** Listens on all these ports of a node, but for those that something holds already, until the machine goes. UDP is echoed. */
export async function listenOn(transport: Transport, node: string, { tcp, udp }: Ports): Promise<void> {
  const program = `import selectors, socket
watch = selectors.DefaultSelector()
for kind, ports in ((socket.SOCK_STREAM, [${tcp.join(', ')}]), (socket.SOCK_DGRAM, [${udp.join(', ')}])):
    for port in ports:
        one = socket.socket(socket.AF_INET, kind)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("0.0.0.0", port))
        except OSError:
            continue
        if kind == socket.SOCK_STREAM:
            one.listen(64)
        watch.register(one, selectors.EVENT_READ, kind)
open("/run/probed-ports", "w").close()
while True:
    for key, _ in watch.select():
        if key.data == socket.SOCK_STREAM:
            key.fileobj.accept()[0].close()
        else:
            data, who = key.fileobj.recvfrom(64)
            key.fileobj.sendto(data, who)
`;
  await onNode(
    transport,
    node,
    `cat >/run/probed-ports.py <<'PROGRAM'
${program}PROGRAM
rm -f /run/probed-ports
systemctl stop chrony 2>/dev/null || :
systemd-run --quiet --collect --unit=probed-ports python3 /run/probed-ports.py
until [ -e /run/probed-ports ]; do sleep 0.1; done`,
  );
}

/** Which of the ports answer this computer, from its address on the bridge. */
export async function answersFromBridge(address: string, ports: Ports): Promise<Ports> {
  const answering = async (all: readonly number[], ask: (port: number) => Promise<boolean>) => {
    const answers = await Promise.all(all.map(ask));
    return all.filter((_, index) => answers[index]);
  };
  return {
    tcp: await answering(ports.tcp, (port) => connects(address, port)),
    udp: await answering(ports.udp, (port) => echoes(address, port)),
  };
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: silenceMs });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket
      .once('connect', () => end(true))
      .once('timeout', () => end(false))
      .once('error', () => end(false));
  });
}

function echoes(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (open: boolean) => {
      clearTimeout(silence);
      socket.close();
      resolve(open);
    };
    const silence = setTimeout(() => end(false), silenceMs);
    socket.once('message', () => end(true)).once('error', () => end(false));
    socket.send('probe', port, host);
  });
}

/** Which of the ports at an address answer another node. */
export async function answersFrom(
  transport: Transport,
  node: string,
  address: string,
  { tcp, udp }: Ports,
): Promise<Ports> {
  const program = `import concurrent.futures as futures, json, socket
def tcp(port):
    try:
        socket.create_connection(("${address}", port), ${silenceMs / 1000}).close()
        return True
    except OSError:
        return False
def udp(port):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(${silenceMs / 1000})
    try:
        one.sendto(b"probe", ("${address}", port))
        return one.recvfrom(64) is not None
    except OSError:
        return False
def answering(ask, ports):
    with futures.ThreadPoolExecutor(len(ports)) as pool:
        return [port for port, open in zip(ports, pool.map(ask, ports)) if open]
print(json.dumps({"tcp": answering(tcp, [${tcp.join(', ')}]), "udp": answering(udp, [${udp.join(', ')}])}))
`;
  return JSON.parse(await onNode(transport, node, `python3 - <<'PROGRAM'\n${program}PROGRAM`)) as Ports;
}
