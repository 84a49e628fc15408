const kdc =
  'the embedded lab simulates no Kerberos KDC; real machines can carry one: vmstation lab start --provider hosts';
const freeIpa = 'the embedded lab simulates no FreeIPA';

const unsimulated: Readonly<Record<string, string>> = {
  'krb5-kdc': kdc,
  'krb5-admin-server': kdc,
  'krb5-server': kdc,
  'freeipa-client': freeIpa,
  'ipa-client': freeIpa,
};

/** Why a package of a real distribution is not there: one line for each of these that the lab cannot stand in for. */
export function whyUnsimulated(names: readonly string[]): string {
  const reasons = names.flatMap((name) => (unsimulated[name] === undefined ? [] : [`${name}: ${unsimulated[name]}\n`]));
  return reasons.join('');
}
