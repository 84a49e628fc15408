import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { AppError } from '@vmstation/core';

/** Debian's own, whatever else a PATH has. */
export const python = '/usr/bin/python3';

/**
 * Prints the hardware address of every magic packet that passes a network card, in whatever kind of frame: six bytes ff, then the address sixteen
 * times (AMD, Magic Packet Technology, 20213). Node.js has no packet sockets, so Python from Debian looks. It ends with its standard input.
 */
const watcher = String.raw`
import select, socket, struct, sys
ALL = socket.htons(3)
SOL_PACKET, ADD_MEMBERSHIP, PROMISCUOUS = 263, 1, 1
card = sys.argv[1]
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, ALL)
frames.bind((card, 0))
frames.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, struct.pack('iHH8s', socket.if_nametoindex(card), PROMISCUOUS, 0, b''))
print('ready', flush=True)
while True:
    readable, _, _ = select.select([frames, sys.stdin], [], [])
    if sys.stdin in readable and not sys.stdin.buffer.read1(64):
        break
    if frames not in readable:
        continue
    try:
        frame = frames.recv(4096)
    except OSError:
        break
    at = frame.find(b'\xff' * 6)
    while at >= 0:
        mac = frame[at + 6:at + 12]
        if len(mac) == 6 and frame[at + 6:at + 102] == mac * 16:
            print(mac.hex(':'), flush=True)
            break
        at = frame.find(b'\xff' * 6, at + 1)
`;

/** Something that listens on a bridge. */
export interface MagicPacketWatcher {
  close(): Promise<void>;
}

/** Calls back with the hardware address of every magic packet on a card, once it listens. Throws lab/host-command-failed. */
export async function watchMagicPackets(
  card: string,
  heard: (mac: string) => void,
  log: (line: string) => void,
): Promise<MagicPacketWatcher> {
  const child = spawn(python, ['-I', '-c', watcher, card], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  let said = '';
  child.once('close', () => {
    if (child.stdin.writable) log(`nothing listens for magic packets on ${card} any more`);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
    log(`magic packets: ${chunk.toString('utf8').trim()}`);
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') resolve();
      else heard(line);
    });
    void ended.then(() => reject(notListening(card, said)));
  });
  return { close: () => endWatcher(child, ended) };
}

async function endWatcher(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end();
  await ended;
}

function notListening(card: string, said: string): AppError {
  return new AppError({
    code: 'lab/host-command-failed',
    kind: 'environment',
    message: `Nothing listens for magic packets on ${card}: ${python} ended. ${said.trim().split('\n').at(-1) ?? ''}`,
    tryThis: 'Install python3.',
  });
}
