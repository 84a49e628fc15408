import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ClusterClock } from '../clock.ts';
import { isObject, textAt } from '../json.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { type ApiUser, adminUser, serviceAccountUser } from './api-user.ts';

/** What a service account's token is good for. */
export interface TokenClaims {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Seconds since 1970, or undefined for the token of a Secret, which lasts as long as that. */
  readonly expires: number | undefined;
  /** Name of the Secret that holds it, if one does. */
  readonly secret?: string;
}

/** Issues and checks bearer tokens: the administrator's and those of service accounts. */
export class TokenAuthenticator {
  readonly #store: ObjectStore;
  readonly #clock: ClusterClock;
  readonly #adminToken: string;
  readonly #key: string;

  constructor(
    store: ObjectStore,
    clock: ClusterClock,
    secrets: { readonly adminToken: string; readonly signingKey: string },
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#adminToken = secrets.adminToken;
    this.#key = secrets.signingKey;
  }

  /** Issues a signed token in the form of a JSON Web Token. */
  issue(claims: TokenClaims): string {
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const header = encode({ alg: 'HS256', typ: 'JWT' });
    const payload = encode({
      iss: 'https://kubernetes.default.svc',
      sub: serviceAccountUser(claims.namespace, claims.name),
      iat: issuedAt,
      ...(claims.expires === undefined ? {} : { exp: claims.expires }),
      'kubernetes.io': {
        namespace: claims.namespace,
        serviceaccount: { name: claims.name, uid: claims.uid },
        ...(claims.secret === undefined ? {} : { secret: { name: claims.secret } }),
      },
    });
    return `${header}.${payload}.${this.#sign(`${header}.${payload}`)}`;
  }

  /** Who a token stands for, or undefined when it is unknown, expired or its account is gone. */
  authenticate(token: string): ApiUser | undefined {
    if (isSameText(token, this.#adminToken)) return adminUser;
    const [header = '', payload = '', signature = ''] = token.split('.');
    if (!isSameText(signature, this.#sign(`${header}.${payload}`))) return undefined;
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (!isObject(claims)) return undefined;
    if (typeof claims.exp === 'number' && claims.exp * 1000 <= this.#clock.now()) return undefined;
    const details = claims['kubernetes.io'];
    const namespace = textAt(details, 'namespace');
    const name = textAt(details, 'serviceaccount', 'name');
    const account = this.#store.get('serviceaccounts', namespace, name);
    if (account?.metadata.uid !== textAt(details, 'serviceaccount', 'uid')) return undefined;
    const secret = textAt(details, 'secret', 'name');
    if (secret !== '' && !this.#store.get('secrets', namespace, secret)) return undefined;
    return {
      name: serviceAccountUser(namespace, name),
      uid: account.metadata.uid ?? '',
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    };
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function isSameText(left: string, right: string): boolean {
  const [first, second] = [Buffer.from(left), Buffer.from(right)];
  return first.length === second.length && timingSafeEqual(first, second);
}
