import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { writeWhole } from '../disk/write-whole.ts';

/** Loopback ports by purpose (`ssh/masternode`, `api`), kept in a file so that a restarted lab listens where it did. */
export class LoopbackPorts {
  readonly #file: string;
  readonly #kept: Map<string, number>;

  constructor(file: string) {
    this.#file = file;
    this.#kept = readPorts(file);
  }

  /** The port of a purpose: the kept one when it is free, else a new one, which is kept. */
  async take(purpose: string): Promise<number> {
    const kept = this.#kept.get(purpose);
    if (kept !== undefined && (await freePort(kept)) !== undefined) return kept;
    const port = await this.#unused();
    this.#kept.set(purpose, port);
    writeWhole(this.#file, `${JSON.stringify(Object.fromEntries(this.#kept))}\n`);
    return port;
  }

  async #unused(): Promise<number> {
    const taken = new Set(this.#kept.values());
    for (;;) {
      const port = await freePort(0);
      if (port !== undefined && !taken.has(port)) return port;
    }
  }
}

function readPorts(file: string): Map<string, number> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return new Map();
    throw error;
  }
}

/** The port when it can be listened on, a free one for 0, undefined when somebody else has it. */
function freePort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
