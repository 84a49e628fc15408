import * as z from 'zod';
import { described } from './field.ts';

const imageText = z
  .string()
  .regex(/^[a-z0-9.-]+(?::\d+)?\/[a-z0-9._/-]+(?::[\w][\w.-]*)(?:@sha256:[0-9a-f]{64})?$/, {
    error: 'is not an image with registry, repository and tag',
  })
  .refine((image) => !/:latest(?:@|$)/.test(image), {
    error: 'says "latest", which is another image every week',
  });

/** The file `versions.lock`: every version that is deployed. An upgrade is a diff of it. */
export const versionsLockSchema = z.strictObject({
  kubespray: described(
    z.strictObject({
      release: described(
        z.string().regex(/^v\d+\.\d+\.\d+$/, { error: 'is not a release such as v2.31.0' }),
        'The tag of the release.',
        'v2.31.0',
      ),
      commit: described(
        z.string().regex(/^[0-9a-f]{40}$/, { error: 'is not a full commit id' }),
        'The commit that the tag must be.',
        '1c9add48975060f45396b34d8e022c30d7f80dab',
      ),
    }),
    'The installer of Kubernetes.',
    { release: 'v2.31.0', commit: '1c9add48975060f45396b34d8e022c30d7f80dab' },
  ),
  kubernetes: described(
    z.string().regex(/^1\.\d{1,2}\.\d{1,2}$/, { error: 'is not an exact version in quotes, such as "1.35.4"' }),
    'The exact version of Kubernetes.',
    '1.35.4',
  ),
  minecraft: described(
    z
      .string()
      .regex(/^\d+\.\d+(?:\.\d+)?$/, { error: 'is not an exact version in quotes, such as "1.21.10"' })
      .optional(),
    'The game that the Minecraft image runs: a world goes up with it, and never back. Left out: the version that this vmstation was made with.',
    '1.21.10',
  ),
  images: described(z.record(z.string(), imageText), 'Container images, by component.', {
    grafana: 'docker.io/grafana/grafana:13.2.0',
  }),
});
