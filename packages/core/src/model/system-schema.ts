import * as z from 'zod';
import { described, durationText, pathText } from './field.ts';

/** Sizes of logs: whole megabytes or gigabytes, as journald.conf(5) has them. */
const sizeText = z.string().regex(/^[1-9]\d{0,5}[MG]$/, { error: 'is not a size such as 500M or 2G' });

/** Care for the operating system of every node. */
export const systemSchema = z.strictObject({
  upgrades: described(
    z.enum(['security', 'off']).default('security'),
    'Whether security updates install themselves every day. A machine is never restarted for them, and Kubernetes and its container runtime are never touched.',
    'security',
  ),
  audit: described(
    z.boolean().default(true),
    'Whether the audit daemon records changes of accounts, of the ways in and of the kernel. False for machines that cannot: a container has no audit of its own.',
    true,
  ),
  journal: described(
    z
      .strictObject({
        size: described(sizeText.default('500M'), 'The most that the journal takes on disk.', '500M'),
        keep: described(durationText.default('30d'), 'How long it is kept, in whole days.', '30d'),
      })
      .prefault({}),
    'The system journal of every node, kept on disk.',
    { size: '500M', keep: '30d' },
  ),
  'idle-logout': described(
    z.union([z.literal('off'), durationText]).default('1h'),
    'How long a shell may wait at its prompt before it ends, outside of tmux and screen; or off.',
    '1h',
  ),
  'open-files': described(
    // fs.nr_open of the kernel is 1048576 unless somebody changes it; a limit above it is refused at every login.
    z.int().min(1024).max(1_048_576).default(524_288),
    'How many files a service may open at most (its hard limit).',
    524_288,
  ),
});

/** A device by a name that lasts: `/dev/sdb` is another disk after the next boot. */
const deviceText = z
  .string()
  .regex(
    /^(?:UUID=[0-9A-Fa-f-]{4,64}|PARTUUID=[0-9A-Fa-f-]{4,64}|(?:LABEL|PARTLABEL)=[A-Za-z0-9._-]{1,36}|\/dev\/(?:disk\/by-[a-z]+|mapper)\/[A-Za-z0-9._:+-]+)$/,
    {
      error:
        'is not UUID=…, LABEL=… or a path below /dev/disk/by-id or /dev/mapper; a name such as /dev/sdb is another disk after the next boot',
    },
  );

const optionText = z.string().regex(/^[A-Za-z0-9_.-]+(?:=[A-Za-z0-9_./:+-]+)?$/, {
  error: 'is not one option of mount(8); several are several entries of the list',
});

/** A disk of a node that carries a file system already. */
export const diskSchema = z.strictObject({
  path: described(pathText, 'Where it is mounted.', '/srv/media'),
  device: described(
    deviceText,
    'The file system, by UUID=, LABEL= or a lasting path; lsblk -f on the machine shows them.',
    'LABEL=media',
  ),
  type: described(z.enum(['ext4', 'xfs']), 'Which file system it is.', 'ext4'),
  options: described(
    z.array(optionText).default(['noatime']),
    'Options of the mount, besides those that keep it from stopping the start.',
    ['noatime'],
  ),
});
