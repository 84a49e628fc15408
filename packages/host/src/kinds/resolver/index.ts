import { type Difference, type ResolverResource, sha256Hex } from '@vmstation/core';
import { lines, sh } from '../../script/shell-text.ts';
import { defineKind, difference, rank } from '../kind.ts';
import { writeFile } from '../write-file.ts';
import { ownerProbes, type ResolverOwner, resolverOwner } from './resolver-owner.ts';

interface ResolverSeen {
  readonly owner: ResolverOwner;
  /** Digests of the owner's files that are there. */
  readonly digests: ReadonlyMap<string, string>;
  readonly servers: readonly string[];
  readonly search: readonly string[];
}

/** The DNS servers that are asked, as the owner of /etc/resolv.conf was told them and as they are in force. */
export const resolverKind = defineKind<ResolverResource, ResolverSeen>({
  kind: 'resolver',
  rank: rank.file,
  probes: () => ownerProbes,
  read(_want, seen) {
    const owner = resolverOwner(seen);
    const files = owner.files.map(({ path }) => path).filter((path) => seen.path(path).type === 'file');
    const text = seen.linesOf(owner.inForce) ?? [];
    return {
      owner,
      digests: new Map(files.map((path) => [path, seen.digest(path)])),
      servers: text.flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []),
      search:
        text
          .findLast((line) => /^\s*search\s/.test(line))
          ?.trim()
          .split(/\s+/)
          .slice(1) ?? [],
    };
  },
  diff(want, { owner, digests, servers, search }) {
    const found: Difference[] = owner.files
      .filter(({ path, text }) => digests.get(path) !== sha256Hex(text(want)))
      .map(({ path }) => {
        const is = path === owner.inForce ? `servers ${servers.join(' ') || '(none)'}` : 'another content';
        return difference(path, `as declared, for ${owner.name}`, digests.has(path) ? is : 'absent');
      });
    // A plain file is what is in force. Else what the owner knows besides, as from DHCP, may come after.
    if (owner.tell === undefined) return found;
    const inForce = (is: readonly string[], wanted: readonly string[]) =>
      wanted.every((one, index) => is[index] === one);
    if (!inForce(servers, want.servers))
      found.push(difference('servers in force', want.servers.join(' '), servers.join(' ') || '(none)'));
    if (!inForce(search, want.search))
      found.push(difference('search in force', want.search.join(' '), search.join(' ') || '(none)'));
    return found;
  },
  apply(want, { owner, digests }, context) {
    const wrong = owner.files.filter(({ path, text }) => digests.get(path) !== sha256Hex(text(want)));
    return {
      keeps: wrong.map(({ path }) => path),
      change: lines(
        ...wrong.map(({ path, text }) =>
          writeFile({ path, content: text(want), owner: 'root', group: 'root', mode: '0644' }, context),
        ),
        owner.tell,
      ),
      undoAfter: owner.tell ?? sh`:`,
    };
  },
});
