import { type FSWatcher, watch } from 'node:fs';
import { access, mkdir, rm } from 'node:fs/promises';
import { AppError } from '@vmstation/core';
import type { LabPower, PowerOrder } from '../daemon/lab-protocol.ts';
import { endGroupMembers } from './control-groups.ts';
import { setFrozen } from './freezer.ts';
import type { HostCommands } from './host-commands.ts';
import { mountDisk } from './machine-disk.ts';
import { bootMachine, type MachineProcess } from './machine-process.ts';
import { connectMachine } from './network.ts';
import type { HostsLabFolders, HostsLabNames, HostsLabSettings, HostsMachine } from './settings.ts';

const suspendDeadlineMs = 30_000;
const powerOffGraceMs = 15_000;
const suspendFlag = 'suspend';

/** What the lab gives a machine. */
export interface LabMachineParts {
  readonly machine: HostsMachine;
  readonly index: number;
  readonly settings: HostsLabSettings;
  readonly names: HostsLabNames;
  readonly folders: HostsLabFolders;
  readonly commands: HostCommands;
  readonly log: (line: string) => void;
}

/** A real machine and its power. Orders to it are carried out one after the other. */
export class LabMachine {
  power: LabPower = 'off';
  since = new Date();
  readonly #parts: LabMachineParts;
  #process: MachineProcess | undefined;
  #flag: FSWatcher | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();

  constructor(parts: LabMachineParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.machine.name;
  }

  get mac(): string {
    return this.#parts.names.mac(this.#parts.machine);
  }

  /** Gives it a card and its disk, and boots it. */
  async begin(): Promise<void> {
    const { machine, index, names, commands, log } = this.#parts;
    await connectMachine(machine, index, names, commands);
    await this.#mount();
    await mkdir(names.hostFolder(machine.name), { recursive: true });
    this.#flag = watch(names.hostFolder(machine.name), (_event, file) => {
      if (file === suspendFlag) this.#queue(() => this.#fallAsleep()).catch((cause: unknown) => log(String(cause)));
    });
    await this.#boot();
  }

  /** As the machine itself (`systemctl suspend`, `poweroff`) or a magic packet would. Throws lab/machine-stays-awake. */
  async order(order: PowerOrder): Promise<void> {
    if (order === 'wake') return this.wake();
    if (order === 'poweroff') return this.#queue(() => this.#stop(powerOffGraceMs));
    if (this.power !== 'on') return;
    const asleep = this.#until(() => this.power === 'suspended', suspendDeadlineMs);
    await this.#inside(['systemctl', 'suspend']);
    if (await asleep) return;
    throw new AppError({
      code: 'lab/machine-stays-awake',
      kind: 'environment',
      message: `${this.name} was told \`systemctl suspend\` and did not fall asleep within ${suspendDeadlineMs / 1000} s.`,
      tryThis: `Look there: vmstation lab ssh ${this.name} -- journalctl -u systemd-suspend -n 20`,
    });
  }

  /** Resumes it or, when it is off, boots it; nothing when it is on. */
  wake(): Promise<void> {
    return this.#queue(async () => {
      if (this.power === 'off') await this.#boot();
      if (this.power !== 'suspended') return;
      const { names, commands, index } = this.#parts;
      await rm(this.#flagFile(), { force: true });
      await commands.run(['ip', 'link', 'set', names.hostInterface(index), 'up']);
      await setFrozen(names.cgroup, this.name, 'thawed');
      this.#become('on');
    });
  }

  /** Powers it off in order, by force after some time. */
  async close(): Promise<void> {
    this.#flag?.close();
    await this.#queue(() => this.#stop(powerOffGraceMs));
  }

  async #mount(): Promise<void> {
    const { machine, settings, names, folders, commands } = this.#parts;
    await mountDisk(machine, settings, names, folders, commands);
  }

  async #boot(): Promise<void> {
    const { machine, names, log } = this.#parts;
    await rm(this.#flagFile(), { force: true });
    this.#process = await bootMachine(machine, names, {
      ended: () => this.#become('off'),
      failed: (cause) => log(`${machine.name}: ${String(cause)}`),
    });
    this.#become('on');
  }

  async #stop(graceMs: number): Promise<void> {
    const { names, commands, index } = this.#parts;
    await setFrozen(names.cgroup, this.name, 'thawed');
    await this.#process?.stop(graceMs);
    this.#process = undefined;
    await endGroupMembers(`${names.cgroup}/${this.name}`);
    if (this.power === 'suspended') await commands.run(['ip', 'link', 'set', names.hostInterface(index), 'up']);
    this.#become('off');
  }

  /** The machine's own `systemctl suspend` has come to the point where a kernel would stop. */
  async #fallAsleep(): Promise<void> {
    const { names, commands, index } = this.#parts;
    if (this.power !== 'on' || !(await isThere(this.#flagFile()))) return;
    await commands.run(['ip', 'link', 'set', names.hostInterface(index), 'down']);
    await setFrozen(names.cgroup, this.name, 'frozen');
    this.#become('suspended');
  }

  /** Runs a program in the machine, as its console would. */
  async #inside(argv: readonly string[]): Promise<void> {
    const leader = await this.#process?.leader();
    const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid'];
    await this.#parts.commands.run(['nsenter', '--target', String(leader ?? 0), ...namespaces, '--', ...argv]);
  }

  #flagFile(): string {
    return `${this.#parts.names.hostFolder(this.name)}/${suspendFlag}`;
  }

  #become(power: LabPower): void {
    if (this.power === power) return;
    this.power = power;
    this.since = new Date();
    this.#parts.log(`${this.name} is ${power}`);
    for (const listener of this.#listeners) listener();
  }

  #queue<T>(order: () => Promise<T>): Promise<T> {
    const done = this.#last.then(order, order);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** False when it did not come true in time. */
  #until(holds: () => boolean, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (answer: boolean) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve(answer);
      };
      const look = () => {
        if (holds()) end(true);
      };
      const timer = setTimeout(() => end(holds()), timeoutMs);
      this.#listeners.add(look);
      look();
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
