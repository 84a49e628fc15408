import { createServer, type Server } from 'node:http';

/** Response header that names the image for which a stand-in answers. */
export const standInHeader = 'x-vmstation-lab-stand-in';

/** Who stands behind a published port at this moment. */
export interface Backend {
  readonly image: string;
  readonly pod: string;
  readonly node: string;
}

/** Answers on a loopback port for a published port of the cluster: with a page that says what it stands in for, or not at all. */
export class StandInServer {
  readonly #server: Server;
  readonly #backend: () => Backend | undefined;

  constructor(backend: () => Backend | undefined) {
    this.#backend = backend;
    this.#server = createServer((request, response) => {
      const found = this.#backend();
      if (found === undefined) {
        // Nobody is ready behind the Service: kube-proxy rejects the connection.
        request.socket.resetAndDestroy();
        return;
      }
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        [standInHeader]: found.image,
        connection: 'close',
      });
      response.end(request.method === 'HEAD' ? undefined : standInPage(found));
    });
    this.#server.on('connection', (socket) => {
      if (this.#backend() === undefined) socket.resetAndDestroy();
    });
  }

  /** Listens on 127.0.0.1. Rejects with EADDRINUSE. */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

/** What a stand-in says of itself, as HTML. */
export function standInPage({ image, pod, node }: Backend): string {
  const [shownImage, shownPod, shownNode] = [image, pod, node].map(escapeHtml);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>lab stand-in for ${shownImage}</title></head>
<body><h1>lab stand-in for ${shownImage}</h1>
<p>The embedded lab runs no images. Pod ${shownPod} is ready on ${shownNode}; what the program itself would answer is not proved here.</p>
</body></html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
