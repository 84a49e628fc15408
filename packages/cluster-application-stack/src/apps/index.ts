import type { ClusterApp } from '@vmstation/core';
import type { AppKind } from './app-kind.ts';
import { folder } from './folder/index.ts';
import { jellyfin } from './jellyfin/index.ts';
import { minecraft } from './minecraft/index.ts';

/** The kinds of application that the product knows. */
export const appKinds: Readonly<Record<ClusterApp['kind'], AppKind>> = { jellyfin, minecraft, folder };
