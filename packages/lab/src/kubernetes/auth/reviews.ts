import { isObject, type Json, type JsonObject, textAt } from '../json.ts';
import { type ApiRequest, type ApiResponse, jsonBody } from '../request/api-request.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { ApiUser } from './api-user.ts';
import { type AccessAttributes, isAllowed, rulesFor } from './rbac.ts';
import type { TokenAuthenticator } from './token-authentication.ts';

/** What the review resources need to know. */
export interface ReviewContext {
  readonly store: ObjectStore;
  readonly tokens: TokenAuthenticator;
}

type Review = (request: ApiRequest, body: JsonObject, context: ReviewContext) => JsonObject;

function attributesFrom(spec: Json | undefined): AccessAttributes {
  const plain = isObject(spec) ? spec.nonResourceAttributes : undefined;
  const empty = { group: '', resource: '', subresource: '', namespace: '', name: '' };
  if (isObject(plain)) return { ...empty, verb: textAt(plain, 'verb'), path: textAt(plain, 'path') };
  const asked = isObject(spec) ? spec.resourceAttributes : undefined;
  const field = (name: string): string => textAt(asked, name);
  return {
    verb: field('verb'),
    group: field('group'),
    resource: field('resource'),
    subresource: field('subresource'),
    namespace: field('namespace'),
    name: field('name'),
    path: '',
  };
}

function access(user: ApiUser, body: JsonObject, { store }: ReviewContext): JsonObject {
  const allowed = isAllowed(store, user, attributesFrom(body.spec));
  return { ...body, status: { allowed, ...(allowed ? { reason: 'RBAC: allowed by a role binding' } : {}) } };
}

function reviewedUser(body: JsonObject): ApiUser {
  const groups = isObject(body.spec) && Array.isArray(body.spec.groups) ? body.spec.groups.map(String) : [];
  return { name: textAt(body, 'spec', 'user'), uid: textAt(body, 'spec', 'uid'), groups };
}

function extraOf({ extra }: ApiUser): JsonObject {
  return extra === undefined
    ? {}
    : { extra: Object.fromEntries(Object.entries(extra).map(([key, all]) => [key, [...all]])) };
}

const reviews: Readonly<Record<string, Review>> = {
  'authorization.k8s.io/selfsubjectaccessreviews': ({ user }, body, context) => access(user, body, context),
  'authorization.k8s.io/subjectaccessreviews': (_request, body, context) => access(reviewedUser(body), body, context),
  'authorization.k8s.io/localsubjectaccessreviews': (_request, body, context) =>
    access(reviewedUser(body), body, context),
  'authorization.k8s.io/selfsubjectrulesreviews': ({ user }, body, { store }) => {
    const rules = rulesFor(store, user, textAt(body, 'spec', 'namespace')) as unknown as JsonObject[];
    const isPlain = (rule: JsonObject): boolean => Array.isArray(rule.nonResourceURLs);
    return {
      ...body,
      status: {
        resourceRules: rules.filter((rule) => !isPlain(rule)),
        nonResourceRules: rules.filter(isPlain),
        incomplete: false,
      },
    };
  },
  'authentication.k8s.io/selfsubjectreviews': ({ user }, body) => ({
    ...body,
    status: {
      userInfo: {
        username: user.name,
        ...(user.uid ? { uid: user.uid } : {}),
        groups: [...user.groups],
        ...extraOf(user),
      },
    },
  }),
  'authentication.k8s.io/tokenreviews': (_request, body, { tokens }) => {
    const found = tokens.authenticate(textAt(body, 'spec', 'token'));
    if (!found) return { ...body, status: { authenticated: false, error: 'invalid bearer token' } };
    return {
      ...body,
      status: { authenticated: true, user: { username: found.name, uid: found.uid, groups: [...found.groups] } },
    };
  },
};

/** Answers a review (`auth can-i`, `auth whoami`, token review), or undefined when the resource is none. */
export function answerReview(request: ApiRequest, context: ReviewContext): ApiResponse | undefined {
  const { group, resource, verb } = request.info;
  const review = reviews[`${group}/${resource}`];
  if (!review || verb !== 'create') return undefined;
  return { code: 201, body: review(request, jsonBody(request), context) };
}
