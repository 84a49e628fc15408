import { expect, test } from 'vitest';
import { rsyslogd } from './rsyslogd.ts';
import { type Answer, BareMachine } from './run-for-test.ts';

const check = (text: string, files: Record<string, string> = {}): Promise<Answer> =>
  new BareMachine({ '/c': text, ...files }).run(rsyslogd, 'rsyslogd', '-N1', '-f', '/c');

const RECEIVER = `# receiver
module(load="imtcp")

template(name="file" type="list") {
  constant(value="/var/log/remote/")
  property(name="hostname" securePath="replace" caseConversion="lower")
  constant(value=".log")
}

ruleset(name="remote" queue.type="LinkedList" queue.size="20000") {
  action(type="omfile" dynaFile="file" template="RSYSLOG_SyslogProtocol23Format"
    fileOwner="root" fileGroup="adm" fileCreateMode="0640" dirOwner="root" dirGroup="adm" dirCreateMode="0750")
}

input(type="imtcp" port="514" ruleset="remote" rateLimit.interval="5" rateLimit.burst="20000")
`;
const LEGACY = `$FileOwner root
$IncludeConfig /etc/rsyslog.d/*.conf
auth,authpriv.*			/var/log/auth.log
*.*;auth,authpriv.none		-/var/log/syslog
*.emerg				:omusrmsg:*
:msg, contains, "x{" stop
if $programname == 'a)' and not ($msg contains "}") then {
  set $.x = "1";
  action(type="omfile" file="/var/log/a") stop
} else /var/log/b
`;

test.each([
  ['the receiver', RECEIVER],
  ['legacy lines and scripts', LEGACY],
])('rsyslogd takes %s', async (_name, text) => {
  const answer = await check(text);
  expect(answer.err).toBe(
    'rsyslogd: version 8.2302.0, config validation run (level 1), master config /c\nrsyslogd: End of config validation run. Bye.\n',
  );
  expect(answer.status).toBe(0);
});

test.each([
  [
    RECEIVER.replace('module(load="imtcp")', 'module(load="imtcp" bogus="1")'),
    "line 2: parameter 'bogus' not known -- typo in config file?",
  ],
  ['module(load="imnope")\n*.* /a\n', "could not load module 'imnope'"],
  ['ruleset(name="x" {\n}\n', "invalid character '{' in object definition"],
  ['ruleset(name="x") {\n action(type="omfile" file="/a")\n', "line 3: syntax error on token ''"],
  ['*.* /a\n}\n', "invalid character '}'"],
  ['$Bogus on\n*.* /var/log/x\n', "invalid or yet-unknown config file command 'Bogus'"],
  ['input(type="imtcp" port="514")\n*.* @@h\n', "input module name 'imtcp' is unknown"],
  ['action(type="omfile" file="/a" nope="1")\n', "parameter 'nope' not known"],
  ['module(load="imtcp")\n', 'there are no active actions configured'],
  ['blah blah\n*.* /x\n', "syntax error on token 'blah'"],
  ['*.bogus /x\n', 'unknown priority name "bogus"'],
  ['action(type="omfile" file="/a)\n', 'in object definition'],
])('rsyslogd refuses %j', async (text, complaint) => {
  const answer = await check(text);
  expect(answer.err).toContain(complaint);
  expect(answer.status).toBe(1);
});

test('faults of included files and a missing file count', async () => {
  expect(await check(LEGACY, { '/etc/rsyslog.d/x.conf': '$Bogus on\n' })).toMatchObject({ status: 1 });
  expect(await new BareMachine().run(rsyslogd, 'rsyslogd', '-N1', '-f', '/gone')).toMatchObject({
    status: 1,
    err: expect.stringContaining("could not open config file '/gone'") as string,
  });
});
