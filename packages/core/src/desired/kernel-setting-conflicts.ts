import type { FileResource, SysctlResource } from '../resource/resource.ts';
import type { DesiredResource } from './desired-state.ts';

/** Names of one and the same setting: writing one writes the other (ip-sysctl of the kernel). */
const sameSettings: Readonly<Record<string, string>> = { 'net.ipv4.conf.all.forwarding': 'net.ipv4.ip_forward' };

const filesOfSysctl = /^\/etc\/sysctl\.(?:conf$|d\/[^/]+\.conf$)/;

/**
 * Kernel settings that contradict each other under different names: two names of one setting, the same key with slashes, and lines of
 * a whole file of sysctl.d that the merge by key does not see, because they hold a pattern or may fail (`-key = value`).
 */
export function kernelSettingConflicts(node: string, list: Iterable<DesiredResource>): readonly string[] {
  const all = [...list];
  const settings = all.flatMap((desired) =>
    desired.resource.kind === 'sysctl' ? [{ ...desired, resource: desired.resource }] : [],
  );
  return [...namedTwice(node, settings), ...all.flatMap((file) => inFile(node, file, settings))];
}

type Setting = DesiredResource & { readonly resource: SysctlResource };

function namedTwice(node: string, settings: readonly Setting[]): readonly string[] {
  const bySetting = new Map<string, Setting>();
  return settings.flatMap((setting) => {
    const { key, value } = setting.resource;
    const name = canonical(key);
    const other = bySetting.get(name);
    if (other === undefined) bySetting.set(name, setting);
    if (other === undefined || oneBlank(other.resource.value) === oneBlank(value)) return [];
    return [
      `${node}: ${name}: ${other.origins.join(', ')} asks for ${other.resource.key} = ${other.resource.value}, ${setting.origins.join(', ')} for ${key} = ${value}`,
    ];
  });
}

function inFile(node: string, { resource, origins }: DesiredResource, settings: readonly Setting[]): readonly string[] {
  if (resource.kind !== 'file' || resource.ensure === 'absent' || !filesOfSysctl.test(resource.path)) return [];
  return linesLeftToTheFile(resource).flatMap(({ number, pattern, value }) =>
    settings
      .filter((setting) => matches(pattern, setting.resource.key) && oneBlank(setting.resource.value) !== value)
      .map(
        (setting) =>
          `${node}: ${setting.resource.key}: ${setting.origins.join(', ')} asks for ${setting.resource.value}, line ${number} of ${origins.join(', ')} sets ${pattern} = ${value}`,
      ),
  );
}

function linesLeftToTheFile({ content = '' }: FileResource) {
  return content.split('\n').flatMap((line, index) => {
    const [, ignored, name = '', value = ''] = /^\s*(-?)\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === '' || (ignored === '' && !name.includes('*'))) return [];
    return [{ number: index + 1, pattern: canonical(name), value: oneBlank(value) }];
  });
}

function matches(pattern: string, key: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  const expression = new RegExp(`^${parts.join('[^.]*')}$`);
  const names = [
    canonical(key),
    ...Object.entries(sameSettings).flatMap(([alias, name]) => (name === canonical(key) ? [alias] : [])),
  ];
  return names.some((name) => expression.test(name));
}

/** The name by which settings are compared: dots, and one of several names. */
function canonical(key: string): string {
  const dotted = key.includes('.') ? key : key.replaceAll('/', '.');
  return sameSettings[dotted] ?? dotted;
}

function oneBlank(value: string): string {
  return value.trim().replaceAll(/\s+/g, ' ');
}
