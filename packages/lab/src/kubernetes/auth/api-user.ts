/** Who makes a request. */
export interface ApiUser {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  /** What an authenticator knows besides. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The user of a request without credentials. */
export const anonymousUser: ApiUser = { name: 'system:anonymous', uid: '', groups: ['system:unauthenticated'] };

/** The cluster's administrator, as kubeadm's admin.conf names it. */
export const adminUser: ApiUser = {
  name: 'kubernetes-admin',
  uid: '',
  groups: ['kubeadm:cluster-admins', 'system:authenticated'],
};

/** User name of a service account. */
export function serviceAccountUser(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}
