import { words } from './config-source.ts';

const QUEUE = `queue.filename queue.spooldirectory queue.size queue.dequeuebatchsize queue.mindequeuebatchsize queue.maxdiskspace queue.highwatermark
  queue.lowwatermark queue.fulldelaymark queue.lightdelaymark queue.discardmark queue.discardseverity queue.checkpointinterval
  queue.syncqueuefiles queue.type queue.workerthreads queue.timeoutshutdown queue.timeoutactioncompletion queue.timeoutenqueue
  queue.timeoutworkerthreadshutdown queue.workerthreadminimummessages queue.maxfilesize queue.saveonshutdown queue.dequeueslowdown
  queue.dequeuetimebegin queue.dequeuetimeend queue.cry.provider queue.samplinginterval queue.takeflowctlfrommsg`;

const ACTION = `${QUEUE} name type action.errorfile action.errorfile.maxsize action.writeallmarkmessages action.execonlyeverynthtime
  action.execonlyeverynthtimetimeout action.execonlyonceeveryinterval action.execonlywhenpreviousissuspended action.repeatedmsgcontainsoriginalmsg
  action.resumeretrycount action.resumeinterval action.resumeintervalmax action.reportsuspension action.reportsuspensioncontinuation
  action.copymsg action.externalstate.file`;

const TCP_INPUT = `ratelimit.interval ratelimit.burst keepalive keepalive.probes keepalive.time keepalive.interval streamdriver.mode
  streamdriver.name streamdriver.authmode streamdriver.permitexpiredcerts streamdriver.cafile streamdriver.certfile streamdriver.keyfile
  streamdriver.prioritystring gnutlsprioritystring permittedpeer socketbacklog notifyonconnectionopen notifyonconnectionclose flowcontrol
  supportoctetcountedframing maxsessions maxlisteners disablelfdelimiter discardtruncatedmsg addtlframedelimiter maxframesize preservecase
  listenportfilename`;

/** Parameters of `module(load=…)` by module, in lower case; what Debian's rsyslog 8.2302 ships by itself. */
export const MODULES: Readonly<Record<string, ReadonlySet<string>>> = {
  imtcp: words(
    `${TCP_INPUT} streamdriver.checkextendedkeypurpose streamdriver.prioritizesan streamdriver.tlsverifydepth notifyonconnectionopen workerthreads`,
  ),
  imudp: words('schedulingpolicy schedulingpriority batchsize threads timerequery preservecase'),
  imptcp: words('threads processonpoller'),
  imuxsock:
    words(`syssock.name syssock.use syssock.unlink syssock.ignoretimestamp syssock.ignoreownmessages syssock.flowcontrol syssock.usepidfromsystem
    syssock.ratelimit.interval syssock.ratelimit.burst syssock.ratelimit.severity syssock.parsetrusted syssock.annotate syssock.parsehostname
    syssock.usesystimestamp syssock.usespecialparser`),
  imklog: words(
    'logpath permitnonkernelfacility consoleloglevel parsekerneltimestamp keepkerneltimestamp internalmsgfacility ratelimitinterval ratelimitburst',
  ),
  imjournal:
    words(`statefile ratelimit.interval ratelimit.burst persiststateinterval ignorepreviousmessages ignorenonvalidstatefile defaultseverity
    defaultfacility usepidfromsystem usepid workaroundjournalbug fsync remote defaulttag main`),
  imfile: words('pollinginterval readtimeout timeoutgranularity sortfiles statefile.directory normalizepath mode'),
  immark: words('interval use.marktime use.syslogcall'),
  impstats: words('interval facility severity bracketing log.syslog log.file resetcounters ruleset format'),
  imrelp: words('ruleset tls.tlslib'),
  omrelp: words('tls.tlslib'),
  omfile: words(
    'template dircreatemode filecreatemode fileowner fileownernum filegroup filegroupnum dirowner dirownernum dirgroup dirgroupnum builtin addlf compression.driver',
  ),
  omfwd: words('template iobuffer.maxsize'),
  omprog: words(''),
  ommail: words(''),
  omjournal: words('template'),
  omuxsock: words('template'),
  omstdout: words(''),
  mmjsonparse: words(''),
  mmnormalize: words('allow_regex allowregex'),
  mmutf8fix: words(''),
  mmexternal: words(''),
  lmnsd_gtls: words(''),
  'builtin:omfile': words(
    'template dircreatemode filecreatemode fileowner fileownernum filegroup filegroupnum dirowner dirownernum dirgroup dirgroupnum',
  ),
  'builtin:omfwd': words('template iobuffer.maxsize'),
};

/** Parameters of `input(type=…)` by module; a module that is not loaded takes none. */
export const INPUTS: Readonly<Record<string, ReadonlySet<string>>> = {
  imtcp: words(
    `type port address name defaulttz ruleset ${TCP_INPUT} multiline socketbacklog framing.delimiter.regex networknamespace`,
  ),
  imudp: words(
    `type port address name name.appendport device ruleset defaulttz ratelimit.interval ratelimit.burst rcvbufsize ipfreebind inputname inputname.appendport`,
  ),
  imptcp:
    words(`type port path address name ruleset defaulttz unlink fileowner filegroup filecreatemode failonchownfailure supportoctetcountedframing
    notifyonconnectionclose notifyonconnectionopen keepalive keepalive.time keepalive.interval keepalive.probes addtlframedelimiter
    ratelimit.interval ratelimit.burst flowcontrol maxframesize maxsessions`),
  imuxsock: words(
    'type ruleset ignoretimestamp flowcontrol createpath hostname socket ignoreownmessages ratelimit.interval ratelimit.burst usepidfromsystem',
  ),
  imfile:
    words(`type file tag severity facility ruleset readmode startmsg.regex escapelf escapelf.replacement maxlinesatonce maxsubmitatonce
    persiststateinterval deletestateonfiledelete addmetadata addceetag statefile readtimeout freshstarttail reopenontruncate trimlineoverbytes
    maxbytesperminute maxlinesperminute discardtruncatedmsg ignoreolderthan persiststateaftersubmission needparse`),
  imrelp: words(
    'type port name ruleset maxdatasize keepalive tls tls.permittedpeer tls.authmode tls.cacert tls.mycert tls.myprivkey address',
  ),
};

/** Parameters of `action(type=…)` by module. */
export const ACTIONS: Readonly<Record<string, ReadonlySet<string>>> = {
  omfile:
    words(`${ACTION} file dynafile template asyncwriting flushinterval iobuffersize flushontxend ziplevel veryrobustzip dynafilecachesize
    dynafile.donotsuspend rotation.sizelimit rotation.sizelimitcommand fileowner fileownernum filegroup filegroupnum dirowner dirownernum
    dirgroup dirgroupnum filecreatemode dircreatemode failonchownfailure createdirs sync cry.provider sig.provider closetimeout addlf
    compression.driver`),
  omfwd:
    words(`${ACTION} target port protocol networknamespace address device ipfreebind tcp_framing tcp_framedelimiter template
    ziplevel compression.mode compression.stream.flushontxend maxerrormessages rebindinterval keepalive keepalive.probes keepalive.time
    keepalive.interval conerrskip streamdriver streamdrivermode streamdriverauthmode streamdriverpermittedpeers streamdriverpermitexpiredcerts
    streamdriver.name streamdriver.mode streamdriver.authmode streamdriver.permitexpiredcerts streamdriver.cafile streamdriver.certfile
    streamdriver.keyfile resendlastmsgonreconnect udp.sendtoall udp.senddelay udp.sendbuf gnutlsprioritystring`),
  omprog:
    words(`${ACTION} binary confirmmessages confirmtimeout reportfailures usetransactions begintransactionmark committransactionmark output
    forcesingleinstance hup.signal template signalonclose closetimeout killunresponsive`),
  omrelp: words(
    `${ACTION} target port template timeout conn.timeout rebindinterval windowsize tls keepalive localclientip`,
  ),
  omusrmsg: words(`${ACTION} users template`),
  omdiscard: words(ACTION),
  omuxsock: words(`${ACTION} template socket`),
  ommail: words(`${ACTION} server port mailfrom mailto subject.template subject.text body.enable template`),
};

/** Parameters of the other objects. */
export const OBJECTS: Readonly<Record<string, ReadonlySet<string> | undefined>> = {
  template: words(
    'name type string plugin subtree option.stdsql option.sql option.json option.jsonf option.casesensitive',
  ),
  ruleset: words(`name parser ${QUEUE}`),
  main_queue: words(QUEUE),
  global: undefined,
  lookup_table: words('name file reloadonhup'),
  dyn_stats: words('name resettable maxcardinality unusedmetriclife'),
  timezone: words('id offset'),
  parser: undefined,
  include: words('file text mode'),
};

/** Legacy `$` directives that rsyslogd knows without further modules. */
export const DIRECTIVES =
  words(`abortonuncleanconfig actionexeconlyeverynthtime actionexeconlyeverynthtimetimeout actionexeconlyonceeveryinterval
  actionexeconlywhenpreviousissuspended actionfiledefaulttemplate actionfileenablesync actionforwarddefaulttemplate actionname
  actionqueuecheckpointinterval actionqueuedequeuebatchsize actionqueuediscardmark actionqueuefilename actionqueuehighwatermark
  actionqueuelowwatermark actionqueuemaxdiskspace actionqueuemaxfilesize actionqueuesaveonshutdown actionqueuesize actionqueuetimeoutenqueue
  actionqueuetype actionqueueworkerthreads actionresumeinterval actionresumeretrycount actionsendstreamdriver actionsendstreamdriverauthmode
  actionsendstreamdrivermode actionsendstreamdriverpermittedpeer actionwriteallmarkmessages allowedsender begin controlcharacterescapeprefix
  createdirs debugfile debuglevel debugprintcfsyslinehandlerlist debugprintmodulelist debugprinttemplatelist defaultnetstreamdriver
  defaultnetstreamdrivercafile defaultnetstreamdrivercertfile defaultnetstreamdriverkeyfile defaultruleset dircreatemode dirgroup dirowner
  dropmsgswithmaliciousdnsptrrecords dynafilecachesize end errormessagestostderr escape8bitcharactersonreceive escapecontrolcharactersonreceive
  escapecontrolcharactertab failonchownfailure filecreatemode filegroup fileowner generateconfiggraph gssforwardservicename gssmode
  includeconfig localhostipif localhostname mainmsgqueuecheckpointinterval mainmsgqueuedequeuebatchsize mainmsgqueuediscardmark
  mainmsgqueuefilename mainmsgqueuehighwatermark mainmsgqueuelowwatermark mainmsgqueuemaxdiskspace mainmsgqueuemaxfilesize
  mainmsgqueuesaveonshutdown mainmsgqueuesize mainmsgqueuetimeoutenqueue mainmsgqueuetype mainmsgqueueworkerthreads maxmessagesize
  maxopenfiles moddir modload omfileasyncwriting omfileflushinterval omfileflushontxend omfileiobuffersize omfileziplevel optimizeforuniprocessor
  outchannel preservefqdn privdroptogroup privdroptogroupid privdroptouser privdroptouserid repeatedmsgcontainsoriginalmsg repeatedmsgreduction
  resetconfigvariables rsyslogdsocket ruleset rulesetcreatemainqueue rulesetparser sleep spacelfonreceive strictfilepermissions template umask
  workdirectory klogpermitnonkernelfacility inputtcpserverrun udpserverrun udpserveraddress inputudpserverbindruleset systemlogsocketname
  omitlocallogging imjournalstatefile`);
