import { badRequest } from '../status-error.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { type ApiUser, anonymousUser } from './api-user.ts';
import { type AccessAttributes, accessDenied, isAllowed } from './rbac.ts';

/** The headers of a request; one that came several times has its values one a line. */
export type ImpersonationHeaders = Readonly<Record<string, string | undefined>>;

/**
 * Who a request is answered as: its sender, or whom its `Impersonate-*` headers name (kubectl's --as, --as-group, --as-uid, --as-user-extra).
 * Throws 403 when the sender may not impersonate them, 400 for anything else of somebody without their name.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
 */
export function impersonated(store: ObjectStore, sender: ApiUser, headers: ImpersonationHeaders): ApiUser {
  const name = headers['impersonate-user'] ?? '';
  const uid = headers['impersonate-uid'] ?? '';
  const groups = (headers['impersonate-group'] ?? '').split('\n').filter((group) => group !== '');
  const extra = extraOf(headers);
  if (name === '') {
    if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return sender;
    throw badRequest('requested groups, a uid or extra without impersonating a user');
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/u.exec(name);
  const [, namespace = '', accountName = ''] = account ?? [];
  const wanted: readonly Partial<AccessAttributes>[] = [
    account ? { resource: 'serviceaccounts', namespace, name: accountName } : { resource: 'users', name },
    ...groups.map((group) => ({ resource: 'groups', name: group })),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({ group: authentication, resource: 'userextras', subresource: key, name: value })),
    ),
    ...(uid === '' ? [] : [{ group: authentication, resource: 'uids', name: uid }]),
  ];
  for (const part of wanted) refuseUnlessAllowed(store, sender, part);
  const user = { name, uid, groups: groupsOf(name, namespace, groups) };
  return Object.keys(extra).length > 0 ? { ...user, extra } : user;
}

const authentication = 'authentication.k8s.io';
const extraPrefix = 'impersonate-extra-';

function extraOf(headers: ImpersonationHeaders): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([header]) => header.startsWith(extraPrefix))
      .map(([header, values]) => [decodeURIComponent(header.slice(extraPrefix.length)), (values ?? '').split('\n')]),
  );
}

function refuseUnlessAllowed(store: ObjectStore, sender: ApiUser, part: Partial<AccessAttributes>): void {
  const none = { group: '', resource: '', subresource: '', namespace: '', name: '', path: '' };
  const attributes = { ...none, verb: 'impersonate', ...part };
  if (!isAllowed(store, sender, attributes)) throw accessDenied(sender, attributes);
}

function groupsOf(name: string, namespace: string, asked: readonly string[]): readonly string[] {
  if (name === anonymousUser.name) return [...new Set([...asked, ...anonymousUser.groups])];
  const accountGroups = namespace === '' ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
  return [...new Set([...(asked.length > 0 ? asked : accountGroups), 'system:authenticated'])];
}
