import { createSocket } from 'node:dgram';

/** Seconds between the epochs of NTP (1900) and of Unix (RFC 5905, figure 4). */
const epochs = 2_208_988_800;

/** Serves this computer's time by NTP on an address of its own, as a source of stratum 1 (RFC 5905, section 7.3). Needs the right to port 123. */
export async function serveTime(address: string): Promise<() => Promise<void>> {
  const socket = createSocket('udp4');
  socket.on('message', (request, from) => {
    if (request.length < 48) return;
    const now = timestamp();
    const answer = Buffer.alloc(48);
    // No leap second, the version that was asked, mode 4 (server).
    answer[0] = ((request[0] ?? 0) & 0x38) | 4;
    answer[1] = 1;
    answer[2] = request[2] ?? 6;
    answer.writeInt8(-10, 3);
    answer.writeUInt32BE(0x40, 8);
    answer.write('TEST', 12, 'latin1');
    now.copy(answer, 16);
    request.copy(answer, 24, 40, 48);
    now.copy(answer, 32);
    timestamp().copy(answer, 40);
    socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).bind(123, address, resolve);
  });
  return () => new Promise((resolve) => socket.close(() => resolve()));
}

/** Now, as 32 bits of seconds and 32 of their fraction. */
function timestamp(): Buffer {
  const seconds = Date.now() / 1000 + epochs;
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(Math.floor(seconds), 0);
  bytes.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), 4);
  return bytes;
}
