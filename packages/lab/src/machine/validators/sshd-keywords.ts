import { words } from './config-source.ts';

/** Keywords of sshd_config(5) of OpenSSH 9.2 with Debian's additions, in lower case, by what their value is. */
export const FLAGS =
  words(`usepam hostbasedauthentication hostbasedusesnamefrompacketonly pubkeyauthentication kerberosauthentication
  kerberosorlocalpasswd kerberosticketcleanup gssapiauthentication gssapicleanupcredentials gssapistrictacceptorcheck gssapikeyexchange
  gssapistorecredentialsonrekey passwordauthentication kbdinteractiveauthentication challengeresponseauthentication skeyauthentication
  printmotd printlastlog ignoreuserknownhosts x11forwarding x11uselocalhost strictmodes permitemptypasswords
  allowagentforwarding usedns permittty permituserrc disableforwarding exposeauthinfo streamlocalbindunlink debianbanner`);

/** Keywords whose value is one of a few words. */
export const CHOICES: Readonly<Record<string, string>> = {
  permitrootlogin: 'yes no without-password prohibit-password forced-commands-only',
  ignorerhosts: 'yes no shosts-only',
  compression: 'yes no delayed',
  tcpkeepalive: 'yes no',
  allowtcpforwarding: 'yes no all local remote',
  allowstreamlocalforwarding: 'yes no all local remote',
  gatewayports: 'yes no clientspecified',
  addressfamily: 'any inet inet6',
  permittunnel: 'yes no point-to-point ethernet',
  fingerprinthash: 'md5 sha256',
  loglevel: 'quiet fatal error info verbose debug debug1 debug2 debug3',
  syslogfacility: 'daemon user auth authpriv local0 local1 local2 local3 local4 local5 local6 local7',
};

/** Keywords whose value is a whole number. */
export const INTEGERS = words('x11displayoffset maxauthtries maxsessions clientalivecountmax requiredrsasize');

/** Keywords whose value is a span of time. */
export const TIMES = words('logingracetime clientaliveinterval unusedconnectiontimeout');

/** All other keywords: their values are taken as they stand. */
export const FREE =
  words(`hostkey hostkeyagent pidfile modulifile listenaddress xauthlocation permituserenvironment rekeylimit allowusers
  denyusers allowgroups denygroups subsystem persourcemaxstartups persourcenetblocksize maxstartups authorizedkeysfile acceptenv setenv
  forcecommand chrootdirectory hostcertificate revokedkeys trustedusercakeys authorizedprincipalsfile include ipqos authorizedkeyscommand
  authorizedkeyscommanduser authorizedprincipalscommand authorizedprincipalscommanduser versionaddendum authenticationmethods
  streamlocalbindmask permitopen permitlisten securitykeyprovider channeltimeout pubkeyauthoptions rdomain banner logverbose match port
  gssapikexalgorithms port ciphers macs kexalgorithms hostkeyalgorithms pubkeyacceptedalgorithms pubkeyacceptedkeytypes
  hostbasedacceptedalgorithms hostbasedacceptedkeytypes casignaturealgorithms`);

/** Keywords that OpenSSH 9.9 of the RHEL face has on top. */
export const FREE_SINCE_9_9 = words(
  'persourcepenalties persourcepenaltyexemptlist refuseconnection sshdsessionpath rsaminsize',
);

/** Keywords that are accepted with a remark and do nothing. */
export const DEPRECATED =
  words(`serverkeybits keyregenerationinterval rhostsauthentication rhostsrsaauthentication rsaauthentication
  dsaauthentication checkmail uselogin verifyreversemapping reversemappingcheck authorizedkeysfile2 useprivilegeseparation protocol
  pamauthenticationviakbdint permitblacklistedkeys hostdsakey`);

/** Keywords that take all the words of their line. */
export const MANY_WORDS =
  words(`allowusers denyusers allowgroups denygroups acceptenv setenv authenticationmethods authorizedkeysfile
  subsystem forcecommand authorizedkeyscommand authorizedprincipalscommand permitopen permitlisten include match ipqos logverbose rekeylimit
  listenaddress channeltimeout pubkeyauthoptions versionaddendum persourcepenalties hostkey`);

/** Keywords that a `Match` block may hold. */
export const IN_MATCH =
  words(`acceptenv allowagentforwarding allowgroups allowstreamlocalforwarding allowtcpforwarding allowusers
  authenticationmethods authorizedkeyscommand authorizedkeyscommanduser authorizedkeysfile authorizedprincipalscommand
  authorizedprincipalscommanduser authorizedprincipalsfile banner casignaturealgorithms channeltimeout chrootdirectory clientalivecountmax
  clientaliveinterval denygroups denyusers disableforwarding exposeauthinfo forcecommand gatewayports gssapiauthentication
  hostbasedacceptedalgorithms hostbasedacceptedkeytypes hostbasedauthentication hostbasedusesnamefrompacketonly ignorerhosts include ipqos
  kbdinteractiveauthentication challengeresponseauthentication skeyauthentication kerberosauthentication loglevel logverbose maxauthtries maxsessions
  passwordauthentication permitemptypasswords permitlisten permitopen permitrootlogin permittty permittunnel permituserrc
  pubkeyacceptedalgorithms pubkeyacceptedkeytypes pubkeyauthentication pubkeyauthoptions rekeylimit requiredrsasize revokedkeys setenv
  streamlocalbindmask streamlocalbindunlink trustedusercakeys unusedconnectiontimeout x11displayoffset x11forwarding x11uselocalhost match
  rdomain refuseconnection`);

/** Criteria of `Match` that take a value. */
export const MATCH_CRITERIA = words('user group host address localaddress localport rdomain laddr');

const SIGNATURES =
  words(`ssh-ed25519 sk-ssh-ed25519@openssh.com ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521
  sk-ecdsa-sha2-nistp256@openssh.com webauthn-sk-ecdsa-sha2-nistp256@openssh.com ssh-dss ssh-rsa rsa-sha2-256 rsa-sha2-512
  ssh-ed25519-cert-v01@openssh.com sk-ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com
  ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521-cert-v01@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com
  ssh-dss-cert-v01@openssh.com ssh-rsa-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com rsa-sha2-512-cert-v01@openssh.com`);

/** Algorithm lists: what `ssh -Q` names, and what sshd calls a bad list. */
export const ALGORITHMS: Readonly<Record<string, { known: ReadonlySet<string>; complaint: string }>> = {
  ciphers: {
    known:
      words(`3des-cbc aes128-cbc aes192-cbc aes256-cbc aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com aes256-gcm@openssh.com
      chacha20-poly1305@openssh.com`),
    complaint: 'Bad SSH2 cipher spec',
  },
  macs: {
    known:
      words(`hmac-sha1 hmac-sha1-96 hmac-sha2-256 hmac-sha2-512 hmac-md5 hmac-md5-96 umac-64@openssh.com umac-128@openssh.com
      hmac-sha1-etm@openssh.com hmac-sha1-96-etm@openssh.com hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com
      hmac-md5-etm@openssh.com hmac-md5-96-etm@openssh.com umac-64-etm@openssh.com umac-128-etm@openssh.com`),
    complaint: 'Bad SSH2 mac spec',
  },
  kexalgorithms: {
    known:
      words(`diffie-hellman-group1-sha1 diffie-hellman-group14-sha1 diffie-hellman-group14-sha256 diffie-hellman-group16-sha512
      diffie-hellman-group18-sha512 diffie-hellman-group-exchange-sha1 diffie-hellman-group-exchange-sha256 ecdh-sha2-nistp256
      ecdh-sha2-nistp384 ecdh-sha2-nistp521 curve25519-sha256 curve25519-sha256@libssh.org sntrup761x25519-sha512@openssh.com sntrup761x25519-sha512`),
    complaint: 'Bad SSH2 KexAlgorithms',
  },
  ...Object.fromEntries(
    [
      'hostkeyalgorithms',
      'pubkeyacceptedalgorithms',
      'pubkeyacceptedkeytypes',
      'hostbasedacceptedalgorithms',
      'casignaturealgorithms',
    ].map((keyword) => [keyword, { known: SIGNATURES, complaint: 'Bad key types' }]),
  ),
};

/** Key exchanges that OpenSSH 9.9 has on top. */
export const KEY_EXCHANGES_SINCE_9_9 = words('mlkem768x25519-sha256');

/** What `sshd -T` prints for the commonest keywords that no file sets. */
export const DEFAULTS: Readonly<Record<string, string>> = {
  port: '22',
  addressfamily: 'any',
  usepam: 'no',
  logingracetime: '120',
  x11displayoffset: '10',
  maxauthtries: '6',
  maxsessions: '10',
  clientaliveinterval: '0',
  clientalivecountmax: '3',
  permitrootlogin: 'without-password',
  ignorerhosts: 'yes',
  pubkeyauthentication: 'yes',
  kerberosauthentication: 'no',
  gssapiauthentication: 'no',
  passwordauthentication: 'yes',
  kbdinteractiveauthentication: 'yes',
  printmotd: 'yes',
  x11forwarding: 'no',
  strictmodes: 'yes',
  tcpkeepalive: 'yes',
  permitemptypasswords: 'no',
  compression: 'yes',
  usedns: 'no',
  allowtcpforwarding: 'yes',
  allowagentforwarding: 'yes',
  permittty: 'yes',
  loglevel: 'INFO',
  syslogfacility: 'AUTH',
  permituserenvironment: 'no',
};
