import { createServer, type Socket } from 'node:net';
import ssh2, { type Connection } from 'ssh2';
import { ROOT } from '../disk/inode.ts';
import type { UserEntry } from '../machine/commands/accounts.ts';
import type { Machine, PowerState } from '../machine/machine.ts';
import { sshdSettings } from '../machine/sshd-config.ts';
import { toByteText } from '../shell/byte-text.ts';
import { authenticate } from './login.ts';
import { serveSession } from './session.ts';

/** A machine's sshd on a loopback port. */
export interface LabSshServer {
  readonly port: number;
  /** Public host key as in known_hosts: `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** To be told whenever the machine's power changed: live connections freeze, go on, or die with it. */
  powerChanged(state: PowerState): void;
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

/** Listens on 127.0.0.1 and answers as the machine's own sshd would; a machine that sleeps or is off says nothing at all. */
export async function startSshServer(machine: Machine, options: SshServerOptions): Promise<LabSshServer> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    receive(machine, socket, options.afterCommand ?? (() => undefined));
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen(options.port, '127.0.0.1', resolve);
  });
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    port,
    hostKey: publicHostKey(machine),
    powerChanged: (state) => {
      for (const socket of sockets) {
        if (state === 'off') socket.destroy();
        else if (state === 'suspended') socket.pause();
        else socket.resume();
      }
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        listener.close(() => resolve());
      });
    },
  };
}

function receive(machine: Machine, socket: Socket, afterCommand: () => void): void {
  // A sleeping machine's card takes no part in TCP: to the client it is silence until its own deadline.
  if (machine.power !== 'on' || machine.faults.silent === true) return;
  if (machine.faults.unreachable === true || !machine.listens(22)) {
    socket.resetAndDestroy();
    return;
  }
  const server = new ssh2.Server({ hostKeys: [hostKeyText(machine)], ...bannerOf(machine) }, (client) =>
    serveClient(client, machine, afterCommand),
  );
  server.injectSocket(socket);
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
