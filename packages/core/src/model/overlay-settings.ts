import * as z from 'zod';
import { described, hostText, timezoneText } from './field.ts';

const unitName = z.string().regex(/^[A-Za-z0-9@._:-]+\.(?:service|socket|timer|path|mount|target)$/, {
  error: 'is not the full name of a unit, such as smartd.service',
});

const accountText = z.string().regex(/^(?:[A-Za-z_][A-Za-z0-9_.-]*\$?|\d+)$/, { error: 'is not an account' });

const packageName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9+._-]*$/, { error: 'is not the name of a package' });

const packageSetting = z.strictObject({
  name: described(packageName, 'Name of the package.', 'containerd.io'),
  version: described(
    z
      .string({ error: 'is not a version; put it in quotes, as "1.7.24-1"' })
      .regex(/^[0-9A-Za-z][0-9A-Za-z.+:~^_-]*$/, {
        error: 'is not a whole version as `apt-cache madison NAME` or `dnf list --showduplicates NAME` print it',
      })
      .optional(),
    'Exactly this version, also when it is older than what is installed; left out: whatever is there, else the newest.',
    '1.7.24-1',
  ),
  held: described(
    z.boolean().optional(),
    'True: it stays at its version whoever upgrades the machine (apt-mark hold, dnf versionlock); false: it is not held; left out: a hold is left alone.',
    true,
  ),
});

/**
 * `settings.yaml` of a folder below hosts/ or group/: typed values that roles read.
 * Files beside it go to the node as they are; this is for what several places share one file for.
 */
export const overlaySettingsSchema = z.strictObject({
  sysctl: described(
    z
      .record(
        z.string(),
        z.union([z.string(), z.number(), z.boolean().transform((on) => (on ? 1 : 0))]).transform(String),
      )
      .optional(),
    'Kernel settings by name; a host overrides a group key by key.',
    { 'vm.swappiness': 10 },
  ),
  packages: described(
    z.array(z.union([packageName, packageSetting])).optional(),
    'Packages to install: a name, or a name with the version that it must have and whether it is held there. A host adds to its groups, and overrides the version and the hold of one that they name.',
    ['smartmontools', { name: 'containerd.io', version: '1.7.24-1', held: true }],
  ),
  services: described(
    z
      .record(
        unitName,
        z.strictObject({
          enabled: described(z.boolean().optional(), 'Started at boot.', true),
          active: described(z.boolean().optional(), 'Running.', true),
        }),
      )
      .optional(),
    'Units and the state they must have; a host overrides a group unit by unit.',
    { 'smartd.service': { enabled: true, active: true } },
  ),
  files: described(
    z
      .record(
        z.string().regex(/^\//, { error: 'is not the absolute path of a file of this folder' }),
        z.strictObject({
          mode: described(
            z
              .string()
              .regex(/^[0-7]{4}$/, { error: 'is not a mode of four octal digits in quotes, such as "0640"' })
              .optional(),
            'Permissions; left out: 0755 for a file that is executable here, else 0644.',
            '0440',
          ),
          owner: described(accountText.optional(), 'Owner; left out: root, or the user whose home it is in.', 'root'),
          group: described(accountText.optional(), 'Group; left out: root, or the owner’s own.', 'adm'),
        }),
      )
      .optional(),
    'Permissions and owners of files of this folder, where they are not the usual ones.',
    { '/etc/sudoers.d/backup': { mode: '0440' } },
  ),
  timezone: described(timezoneText.optional(), 'Time zone of the nodes, instead of the cluster’s.', 'Europe/Berlin'),
  'ntp-upstream': described(
    z.array(hostText).min(1).optional(),
    'Time servers of the node that serves the time, instead of the cluster’s.',
    ['0.pool.ntp.org'],
  ),
});

/** Settings of one host or group. */
export type OverlaySettingsFile = z.output<typeof overlaySettingsSchema>;
