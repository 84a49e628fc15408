import { controlPlaneNames, maySleepByName, monitoringNodeName, powerOf } from '../derived.ts';
import { type DocumentPath, type Fault, formatPath } from '../fault.ts';
import { fault, type Rule } from './rule.ts';

/** The control plane never sleeps: with it sleeps everything that could wake the others. */
export const controlPlanesStayAwake: Rule = ({ file }) =>
  controlPlaneNames(file)
    .filter((name) => maySleepByName(file, name))
    .map((name) =>
      fault(
        'cluster-file/control-plane-sleeps',
        ['nodes', name, 'power'],
        `${name} runs the Kubernetes API and may not sleep: nothing would be left to wake the other machines.`,
        'Set power: always-on, or move the role control-plane.',
      ),
    );

/** What must always answer stands on a node that never sleeps. */
export const alwaysOnServicesStayAwake: Rule = ({ file, appFolders }) => {
  const controlPlanes = controlPlaneNames(file);
  const monitoring = monitoringNodeName(file);
  const { ntp, syslog, kerberos } = file.services;
  const placements: readonly (readonly [string, DocumentPath, string | undefined, string?])[] = [
    ['Monitoring', ['nodes', monitoring, 'roles'], monitoring],
    // Where they are not written they follow monitoring, which is told already.
    ['The time server', ['services', 'ntp', 'server'], ntp.server],
    ['The syslog server', ['services', 'syslog', 'server'], syslog === 'off' ? undefined : syslog.server],
    ['The KDC', ['services', 'kerberos', 'server'], kerberos === 'off' ? undefined : kerberos.server],
    ...Object.entries(file.apps)
      .filter(([, app]) => !app.wakes)
      .map(([name, app]) => [`The application ${name}`, ['apps', name, 'node'], app.node] as const),
    ...appFolders
      .filter((folder) => !folder.settings.wakes)
      .map((folder) => [`The application ${folder.name}`, ['node'], folder.settings.node, folder.origin] as const),
  ];
  return placements.flatMap(([title, path, node, document]) => {
    if (node === undefined || !maySleepByName(file, node)) return [];
    // A control plane that sleeps is one fault, not one for everything that stands on it by default.
    if (controlPlanes.includes(node)) return [];
    return [serviceOnSleeper(title, path, node, document)];
  });
};

function serviceOnSleeper(title: string, path: DocumentPath, node: string, document?: string): Fault {
  const isApp = path[0] === 'apps' || document !== undefined;
  return fault(
    'cluster-file/always-on-service-on-sleeper',
    path,
    `${title} must always answer, and its node ${node} may sleep.`,
    isApp
      ? 'Set wakes: true so that use of it wakes the node, or choose a node that is always on.'
      : `Choose a node that is always on, or set nodes.${node}.power: always-on.`,
    document === undefined ? { related: ['nodes', node, 'power'] } : { document },
  );
}

/** A sleeping node can be woken. */
export const sleepersCanBeWoken: Rule = ({ file }) =>
  Object.entries(file.nodes)
    .filter(([, node]) => powerOf(node).policy !== 'always-on')
    .filter(([, node]) => node.mac === undefined && powerOf(node).driver.kind === 'wake-on-lan')
    .map(([name]) =>
      fault(
        'cluster-file/missing-mac',
        ['nodes', name],
        `${name} may sleep, and without its MAC address no magic packet can wake it.`,
        'Add mac: (ip link on the machine shows it), or power.driver.ipmi for a server with a management controller.',
        { atKey: true, related: ['nodes', name, 'power'] },
      ),
    );

/** Settings of sleep say something only where a node sleeps that way. */
export const sleepSettingsApply: Rule = ({ file }) =>
  Object.entries(file.nodes).flatMap(([name, node]) => {
    if (typeof node.power === 'string') return [];
    const { policy } = node.power;
    const path: DocumentPath = ['nodes', name, 'power'];
    const faults: Fault[] = [];
    if (policy !== 'auto-sleep' && node.power['idle-after'] !== undefined) {
      const message = `${formatPath([...path, 'idle-after'])} has no effect: the policy ${policy} does not look at idle time.`;
      faults.push(
        fault(
          'cluster-file/setting-without-effect',
          [...path, 'idle-after'],
          message,
          'Remove it, or set policy: auto-sleep.',
          { atKey: true },
        ),
      );
    }
    if (policy === 'always-on' && node.power['wake-within'] !== undefined) {
      const message = `${formatPath([...path, 'wake-within'])} has no effect: ${name} is always on.`;
      faults.push(
        fault(
          'cluster-file/setting-without-effect',
          [...path, 'wake-within'],
          message,
          'Remove it, or choose another policy.',
          { atKey: true },
        ),
      );
    }
    return faults;
  });
