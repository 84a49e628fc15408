import type { ClusterNode, Declaration, FileResource, OverlayFile, Resource } from '@vmstation/core';
import { kernelSettingsOf } from './overlay-kernel-settings.ts';
import { overlayRuleOf } from './overlay-rules.ts';

const unitFolder = '/etc/systemd/system/';

/**
 * Puts overlay files beside what roles declare for a node. A file at a path that a role writes replaces the role's content and keeps
 * what the role knows about it (guard, validation, handlers, phase); kernel settings in files replace the defaults of roles that say
 * `replaceable`. Everything else is declared next to the roles', and the merge names contradictions.
 */
export function withOverlays(
  node: ClusterNode,
  fromRoles: readonly Declaration[],
  files: readonly OverlayFile[],
  replaceable: ReadonlySet<string>,
): readonly Declaration[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const settings = kernelSettingsOf(files);
  const settled = new Set(settings.map(({ key }) => key).filter((key) => replaceable.has(key)));
  const kept = fromRoles
    .filter(({ resource, origin }) => !isDefault(resource, origin, settled))
    .map((declaration) => replaced(node, declaration, byPath));
  const written = new Set(fromRoles.map(({ resource }) => pathOf(resource)));
  return [
    ...kept,
    ...files.filter(({ path }) => !written.has(path)).map((file) => declarationOf(node, file)),
    ...settings.map(
      ({ key, value, path, origin }): Declaration => ({
        node: node.name,
        resource: { kind: 'sysctl', key, value, setAtBootBy: path },
        phase: 'config',
        role: 'system',
        origin,
      }),
    ),
  ];
}

/** The path of a file or unit file that a resource writes as a whole. */
function pathOf(resource: Resource): string | undefined {
  if (resource.kind === 'file') return resource.path;
  return resource.kind === 'unit' ? `${unitFolder}${resource.name}` : undefined;
}

function isDefault(resource: Resource, origin: string, settled: ReadonlySet<string>): boolean {
  return resource.kind === 'sysctl' && origin.startsWith('role ') && settled.has(resource.key);
}

function replaced(node: ClusterNode, declaration: Declaration, byPath: ReadonlyMap<string, OverlayFile>): Declaration {
  const { resource } = declaration;
  const file = byPath.get(pathOf(resource) ?? '');
  if (file === undefined) return declaration;
  const { content, mode, origin, owner, group } = file;
  const owned = { ...(owner === undefined ? {} : { owner }), ...(group === undefined ? {} : { group }) };
  if (resource.kind === 'unit') return { ...declaration, resource: { ...resource, content }, origin };
  if (resource.kind !== 'file') return declaration;
  // What a role writes there may be known to be harmless; what the operator writes is not.
  const guard = resource.guard ?? overlayRuleOf(file.path, node).guard;
  const guarded = guard === undefined ? {} : { guard };
  return { ...declaration, resource: { ...resource, content, mode, ...owned, ...guarded }, origin };
}

function declarationOf(node: ClusterNode, file: OverlayFile): Declaration {
  const { role, phase = 'config', ...known } = overlayRuleOf(file.path, node);
  return { node: node.name, resource: resourceOf(file, known), phase, role, origin: file.origin };
}

function resourceOf(
  file: OverlayFile,
  known: Pick<FileResource, 'guard' | 'validate' | 'after' | 'notifies'>,
): Resource {
  const { path, content, mode } = file;
  // systemd has to read its units again; that is what the kind `unit` sees to.
  if (path.startsWith(unitFolder)) {
    const { guard, notifies } = known;
    return {
      kind: 'unit',
      name: path.slice(unitFolder.length),
      content,
      ...(guard === undefined ? {} : { guard }),
      ...(notifies === undefined ? {} : { notifies }),
    };
  }
  const user = /^\/home\/([^/]+)\//.exec(path)?.[1];
  const group = file.group ?? (user === undefined ? 'root' : undefined);
  return {
    kind: 'file',
    path,
    content,
    mode,
    owner: file.owner ?? user ?? 'root',
    ...(group === undefined ? {} : { group }),
    ...known,
  };
}
