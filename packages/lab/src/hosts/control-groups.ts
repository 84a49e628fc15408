import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';

const root = '/sys/fs/cgroup';

/**
 * The control group hierarchies of this computer. Every machine gets a group of its own in each, before its init is started:
 * otherwise the machines' systemds share one tree and end each other's services.
 */
export async function hierarchies(): Promise<readonly string[]> {
  if (existsSync(`${root}/cgroup.controllers`)) return [root];
  const entries = await readdir(root, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(`${root}/${entry.name}/cgroup.procs`))
    .map((entry) => `${root}/${entry.name}`);
}

/** Makes a machine's groups; returns the `cgroup.procs` files that its first process must enter. */
export async function makeGroups(lab: string, machine: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const hierarchy of await hierarchies()) {
    const group = `${hierarchy}/${lab}/${machine}`;
    await mkdir(group, { recursive: true });
    if (existsSync(`${group}/cpuset.cpus`)) await fillCpuset(hierarchy, [`${hierarchy}/${lab}`, group]);
    files.push(`${group}/cgroup.procs`);
  }
  return files;
}

/** A cpuset without cpus refuses every process. */
async function fillCpuset(hierarchy: string, groups: readonly string[]): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const all = await readFile(`${hierarchy}/${file}`, 'utf8');
    for (const group of groups) await writeFile(`${group}/${file}`, all);
  }
}

/** Ends whatever still runs in a lab's groups: what a killed lab left without a note of it. */
export async function endGroupMembers(lab: string): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const members = new Set<number>();
    for (const hierarchy of await hierarchies()) await addMembers(`${hierarchy}/${lab}`, members);
    if (members.size === 0) return;
    for (const pid of members) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function addMembers(group: string, members: Set<number>): Promise<void> {
  if (!existsSync(group)) return;
  const pids = (await readFile(`${group}/cgroup.procs`, 'utf8')).split('\n').filter((line) => line !== '');
  for (const pid of pids) members.add(Number(pid));
  for (const entry of await readdir(group, { withFileTypes: true }))
    if (entry.isDirectory()) await addMembers(`${group}/${entry.name}`, members);
}

/** Removes a lab's groups; a group that still holds processes stays and is reported. */
export async function removeGroups(lab: string): Promise<readonly string[]> {
  const left: string[] = [];
  for (const hierarchy of await hierarchies()) await removeTree(`${hierarchy}/${lab}`, left);
  return left;
}

async function removeTree(group: string, left: string[]): Promise<void> {
  if (!existsSync(group)) return;
  const entries = await readdir(group, { withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await removeTree(`${group}/${entry.name}`, left);
  await rmdir(group).catch(() => left.push(group));
}
