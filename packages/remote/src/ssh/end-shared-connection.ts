import { connect } from 'node:net';

/** Messages of OpenSSH's control socket, version 4 (openssh-portable, PROTOCOL.mux). */
const message = { hello: 0x00000001, terminate: 0x10000005, ok: 0x80000001 } as const;
const protocolVersion = 4;
const answerMs = 1000;

/**
 * Tells the OpenSSH client behind a control socket to end, as `ssh -O exit` does, without starting a program for it. Resolves to whether it
 * agreed; false also when nobody listens, or somebody who speaks otherwise.
 */
export function endSharedConnection(controlPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(controlPath);
    const end = (agreed: boolean): void => {
      socket.destroy();
      resolve(agreed);
    };
    let received = Buffer.alloc(0);
    socket.setTimeout(answerMs, () => end(false));
    socket.on('error', () => end(false));
    // It often ends before its answer is out, which `ssh -O exit` takes for agreement as well.
    socket.on('close', () =>
      end(
        packetsOf(received)
          .map(({ type }) => type)
          .join() === String(message.hello),
      ),
    );
    socket.on('connect', () => {
      socket.write(packet(message.hello, protocolVersion));
      socket.write(packet(message.terminate, 0));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const answers = packetsOf(received);
      if (answers.length >= 2) end(answers[0]?.type === message.hello && answers[1]?.type === message.ok);
    });
  });
}

function packet(...words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * (words.length + 1));
  [4 * words.length, ...words].forEach((word, index) => bytes.writeUInt32BE(word, 4 * index));
  return bytes;
}

/** The whole packets at the front of what was received. */
function packetsOf(bytes: Buffer): readonly { readonly type: number }[] {
  if (bytes.length < 8) return [];
  const length = bytes.readUInt32BE(0);
  if (bytes.length < 4 + length) return [];
  return [{ type: bytes.readUInt32BE(4) }, ...packetsOf(bytes.subarray(4 + length))];
}
