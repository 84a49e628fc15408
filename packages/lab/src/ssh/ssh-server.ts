import { createServer, type Server, type Socket } from 'node:net';
import ssh2, { type Connection } from 'ssh2';
import { ROOT } from '../disk/inode.ts';
import type { UserEntry } from '../machine/commands/accounts.ts';
import type { Machine, PowerState } from '../machine/machine.ts';
import { sshdSettings } from '../machine/sshd-config.ts';
import { toByteText } from '../shell/byte-text.ts';
import { authenticate } from './login.ts';
import { serveSession } from './session.ts';
import { Wire } from './wire.ts';

/** A machine's sshd on a loopback port. */
export interface LabSshServer {
  readonly port: number;
  /** Public host key as in known_hosts: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** To be told whenever the machine's power changed: live connections freeze, go on, or die with it. */
  powerChanged(state: PowerState): void;
  /** To be told whenever the machine's faults were switched: it stops listening, or listens again. Rejects with EADDRINUSE. */
  faultsChanged(): Promise<void>;
  close(): Promise<void>;
}

/** How a machine is served. */
export interface SshServerOptions {
  /** 0 for any free port. */
  readonly port: number;
  /** Called when a command ended, before its exit status is sent. */
  readonly afterCommand?: () => void;
}

const hostKeyPath = '/etc/ssh/ssh_host_ed25519_key';

/**
 * Listens on 127.0.0.1 and answers as the machine's own sshd would; a machine that sleeps or is off says nothing at all, and one that
 * is unreachable has no listener. Takes the machine's `onConnectionsCut`.
 */
export async function startSshServer(machine: Machine, options: SshServerOptions): Promise<LabSshServer> {
  const wires = new Set<Wire>();
  const listener = createServer((socket) => {
    socket.setNoDelay(true);
    const wire = new Wire(socket, machine);
    wires.add(wire);
    wire.once('close', () => wires.delete(wire));
    wire.on('error', () => wire.destroy());
    receive(machine, wire, options.afterCommand ?? (() => undefined));
  });
  const port = await listen(listener, options.port);
  const cutAll = (): void => {
    for (const wire of wires) wire.cut();
  };
  machine.onConnectionsCut = cutAll;
  return {
    port,
    hostKey: publicHostKey(machine),
    powerChanged: (state) => {
      for (const wire of wires) {
        if (state === 'off') wire.destroy();
        else wire.setFrozen(state === 'suspended');
      }
    },
    faultsChanged: async () => {
      if (machine.faults.unreachable !== true) {
        if (!listener.listening) await listen(listener, port);
        return;
      }
      if (listener.listening) listener.close();
      cutAll();
    },
    close: async () => {
      for (const wire of wires) wire.destroy();
      if (!listener.listening) return;
      await new Promise<void>((resolve) => {
        listener.close(() => resolve());
      });
    },
  };
}

async function listen(listener: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen(port, '127.0.0.1', () => {
      listener.off('error', reject);
      resolve();
    });
  });
  const address = listener.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function receive(machine: Machine, wire: Wire, afterCommand: () => void): void {
  // A sleeping machine's card takes no part in TCP: to the client it is silence until its own deadline.
  if (machine.power !== 'on' || machine.faults.silent === true) return;
  if (machine.faults.unreachable === true || !machine.listens(22)) {
    wire.cut();
    return;
  }
  const server = new ssh2.Server({ hostKeys: [hostKeyText(machine)], ...bannerOf(machine) }, (client) =>
    serveClient(client, machine, afterCommand),
  );
  // All that it uses of a socket is what a duplex stream has.
  server.injectSocket(wire as unknown as Socket);
}

function serveClient(client: Connection, machine: Machine, afterCommand: () => void): void {
  let user: UserEntry | undefined;
  client.on('authentication', (context) => {
    user = authenticate(machine, context);
  });
  client.on('session', (accept) => {
    if (user !== undefined) serveSession(accept(), { machine, user, afterCommand });
  });
  // A client that goes away in the middle is everyday life for an sshd.
  client.on('error', () => undefined);
}

function bannerOf(machine: Machine): { banner?: string } {
  const path = sshdSettings(machine.state.sshdConfig).get('banner');
  const inode = path === undefined || path === 'none' ? undefined : machine.tree.find(path, ROOT);
  return inode?.content === undefined ? {} : { banner: toByteText(inode.content) };
}

function hostKeyText(machine: Machine): string {
  return machine.files.read(hostKeyPath) ?? '';
}

function publicHostKey(machine: Machine): string {
  return (machine.files.read(`${hostKeyPath}.pub`) ?? '').trim().split(' ').slice(0, 2).join(' ');
}
