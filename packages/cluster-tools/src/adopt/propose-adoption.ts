import { createHash } from 'node:crypto';
import type { ClusterNode, DesiredResource } from '@vmstation/core';
import type { CapturedPath, MachineCapture } from '@vmstation/host';
import type { AdoptedFile, AdoptedSetting, Adoption, LeftOut, LeftOutReason } from './adoption.ts';
import { largestCaptureBytes, largestCapturedBytes } from './captured-paths.ts';
import { machineFindings } from './findings/machine-findings.ts';
import { secretSign } from './secret-signs.ts';

/** What a proposal is made from. */
export interface AdoptionInputs {
  readonly node: ClusterNode;
  readonly capture: MachineCapture;
  /** What is declared of the node now. */
  readonly desired: readonly DesiredResource[];
}

const unitFolder = '/etc/systemd/system/';

/**
 * What of a captured machine goes into its folder: what somebody wrote there, and not what a package brought or this workspace declares already. Pure.
 * Whether it agrees with everything else that is declared is not judged here.
 */
export function proposeAdoption({ node, capture, desired }: AdoptionInputs): Adoption {
  const leftOut: LeftOut[] = capture.closed
    .filter(({ type }) => type === 'file')
    .map(({ path }) => ({ what: path, reason: 'never-read', why: 'keys, hashes and credentials are never read' }));
  for (const name of capture.oddNames)
    leftOut.push({ what: name, reason: 'odd-name', why: 'its name holds a line break' });
  const files: AdoptedFile[] = [];
  let room = largestCaptureBytes;
  for (const found of capture.files) {
    const judged = judgeFile(found, capture, desired, node.name);
    if (judged === undefined) continue;
    if ('reason' in judged) leftOut.push(judged);
    else if (found.sizeBytes > room)
      leftOut.push(leave(found.path, 'too-large', 'the files before it have the 1 MiB that is kept of a machine'));
    else {
      room -= found.sizeBytes;
      files.push(judged);
    }
  }
  const settings = adoptedSettings(capture, desired, files, node.name);
  const findings = machineFindings(node, capture, files);
  return { node: node.name, files, settings, leftOut: [...leftOut, ...accountsLeftOut(capture, desired)], findings };
}

function leave(what: string, reason: LeftOutReason, why: string): LeftOut {
  return { what, reason, why };
}

/** A file to take over, why it is left out, or undefined for what needs no word. */
function judgeFile(
  found: CapturedPath,
  capture: MachineCapture,
  desired: readonly DesiredResource[],
  node: string,
): AdoptedFile | LeftOut | undefined {
  const { path, bytes, sizeBytes, type } = found;
  if (type === 'directory') return undefined;
  if (type === 'link')
    // Links there are what `systemctl enable` makes: the state of the unit, not a file of its own.
    return path.startsWith(unitFolder) ? undefined : leave(path, 'no-file', 'a link; the workspace holds whole files');
  if (type === 'other') return leave(path, 'no-file', 'neither a file nor a link');
  if (/~$|\.(?:bak|old|orig|save|swp|dpkg-[a-z]+|ucf-[a-z]+|rpmnew|rpmsave|rpmorig)$/.test(path))
    return leave(path, 'backup-copy', 'a copy that nothing reads');
  if (/[\p{Cc}\\]/u.test(path)) return leave(path, 'odd-name', 'its name holds a control character or a backslash');
  if (sizeBytes > largestCapturedBytes)
    return leave(
      path,
      'too-large',
      `${Math.ceil(sizeBytes / 1024)} KiB; at most ${largestCapturedBytes / 1024} are taken`,
    );
  if (bytes === undefined || bytes.length !== sizeBytes) return leave(path, 'unreadable', 'it could not be read whole');
  if (isAsPackaged(capture, path, bytes)) return leave(path, 'as-packaged', 'as its package brought it');
  const content = textOf(bytes);
  if (content === undefined) return leave(path, 'binary', 'no UTF-8 text');
  const secret = secretSign(path, content);
  if (secret !== undefined) return leave(path, 'secret', `line ${secret.line} looks like ${secret.what}`);
  const known = declarationOf(desired, node, path);
  if (known === undefined) return adoptedFile(found, content);
  return (
    declaredAlready(known, path, content) ?? { ...adoptedFile(found, content), insteadOf: known.origins.join(', ') }
  );
}

function isAsPackaged({ shipped, family }: MachineCapture, path: string, bytes: Uint8Array): boolean {
  const digest = shipped.get(path);
  if (digest === undefined) return false;
  const algorithm = family === 'debian' ? 'md5' : digest.length === 128 ? 'sha512' : 'sha256';
  return createHash(algorithm).update(bytes).digest('hex') === digest;
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Who declares the content of a path, when it is not the host's own folder. */
function declarationOf(desired: readonly DesiredResource[], node: string, path: string): DesiredResource | undefined {
  return desired.find(({ resource, origins }) => {
    if (origins.some((origin) => origin.startsWith(`hosts/${node}/`))) return false;
    if (resource.kind === 'unit') return `${unitFolder}${resource.name}` === path;
    return resource.kind === 'file' && resource.path === path;
  });
}

function declaredAlready({ resource, origins }: DesiredResource, path: string, content: string): LeftOut | undefined {
  if (resource.kind === 'file' && resource.secret === true)
    return leave(path, 'secret', `${origins.join(', ')} declares it, with a secret in it`);
  if ((resource.kind !== 'file' && resource.kind !== 'unit') || resource.content !== content) return undefined;
  return leave(path, 'declared', `${origins.join(', ')} declares it so`);
}

function adoptedFile({ path, mode, owner, group }: CapturedPath, content: string): AdoptedFile {
  const executable = (Number.parseInt(mode, 8) & 0o100) !== 0;
  const attributes = {
    ...(mode === (executable ? '0755' : '0644') ? {} : { mode }),
    ...(owner === 'root' ? {} : { owner }),
    ...(group === 'root' ? {} : { group }),
  };
  return { path, content, executable, attributes };
}

function adoptedSettings(
  capture: MachineCapture,
  desired: readonly DesiredResource[],
  files: readonly AdoptedFile[],
  node: string,
): readonly AdoptedSetting[] {
  const own = (origins: readonly string[]) => origins.some((origin) => origin.startsWith(`hosts/${node}/`));
  const zone = desired.find(({ resource }) => resource.kind === 'timezone');
  const declaredZone = zone?.resource.kind === 'timezone' ? zone.resource.zone : undefined;
  const differs = capture.timezone !== undefined && !sameZone(capture.timezone, declaredZone);
  const declaredPackages = new Set(
    desired.flatMap(({ resource, origins }) => (resource.kind === 'package' && !own(origins) ? [resource.name] : [])),
  );
  const packages = capture.chosenPackages.told ? capture.chosenPackages.value : [];
  const units = new Set(files.map(({ path }) => path));
  return [
    ...(differs || (zone !== undefined && own(zone.origins) && capture.timezone !== undefined)
      ? [{ setting: 'timezone', zone: differs ? (capture.timezone ?? '') : (declaredZone ?? '') } as const]
      : []),
    ...packages
      .filter((name) => !declaredPackages.has(name) && /^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(name) && !isBoot(name))
      .map((name) => ({ setting: 'package', name }) as const),
    ...capture.units.flatMap(({ name, enabled, active }): readonly AdoptedSetting[] => {
      if (!units.has(`${unitFolder}${name}`)) return [];
      const isSet = enabled === 'enabled' || enabled === 'disabled';
      const state = {
        ...(isSet ? { enabled: enabled === 'enabled' } : {}),
        ...(active === 'active' ? { active: true } : {}),
      };
      return Object.keys(state).length === 0 ? [] : [{ setting: 'service', unit: name, state }];
    }),
  ];
}

function sameZone(one: string, other: string | undefined): boolean {
  const plain = (zone: string) => zone.replace(/^Etc\//, '').replace(/^(?:UCT|Universal|Zulu)$/, 'UTC');
  return other !== undefined && plain(one) === plain(other);
}

/** Kernels and boot loaders belong to the hardware and to upgrades; naming one version would hold it for ever. */
function isBoot(name: string): boolean {
  return /^(?:linux-(?:image|headers|modules)-|kernel(?:-|$)|grub|shim|efibootmgr$|task-|tasksel|installation-report|discover)/.test(
    name,
  );
}

/** People of the machine: the workspace has no place for accounts with their passwords. */
function accountsLeftOut(capture: MachineCapture, desired: readonly DesiredResource[]): readonly LeftOut[] {
  const declared = new Set(desired.flatMap(({ resource }) => (resource.kind === 'user' ? [resource.name] : [])));
  return capture.passwd.flatMap((line) => {
    const [name = '', , uid = '', , , , shell = ''] = line.split(':');
    const number = Number(uid);
    const isPerson = number >= 1000 && number < 60_000 && !/\/(?:nologin|false)$/.test(shell);
    if (!isPerson || declared.has(name)) return [];
    return [
      leave(`user ${name}`, 'not-expressible', `uid ${uid}; accounts are not taken over, nor are their passwords`),
    ];
  });
}
