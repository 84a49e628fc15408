import { connect, createServer } from 'node:net';

/** A name that this process holds among all processes of the computer. */
export interface Claim {
  release(): Promise<void>;
}

/** Who holds a name, in the holder's own words; empty when it does not say. */
export interface Holder {
  readonly heldBy: string;
}

/**
 * Claims a name on this computer, or says who has it. The kernel gives it back when the process ends, however it ends: it is the abstract
 * socket of that name (unix(7)), so there is no file that a killed process could leave. Linux only.
 */
export async function claimName(name: string, note: string): Promise<Claim | Holder> {
  const path = `\0vmstation-lab/${name}`;
  const server = createServer((asker) => {
    asker.on('error', () => undefined);
    asker.end(note);
  });
  const isOurs = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(path, () => resolve(true));
  });
  if (!isOurs) return { heldBy: await askHolder(path) };
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Waits for a name that others hold for a short time. */
export async function waitForName(name: string, note: string): Promise<Claim> {
  for (;;) {
    const claimed = await claimName(name, note);
    if ('release' in claimed) return claimed;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function askHolder(path: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(path);
    const end = () => {
      socket.destroy();
      resolve(said);
    };
    socket.setTimeout(2000, end);
    socket.on('data', (chunk) => {
      said += chunk.toString('utf8');
    });
    socket.on('end', end);
    // It ended between our two looks: then nobody holds it.
    socket.on('error', end);
  });
}
