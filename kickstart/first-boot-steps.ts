// The steps of a CloudStack management server's first boot, in the order of CloudStack's own installation manual.

import type { Install } from '../server/domain.ts';
import { STORAGE_DIRECTORIES } from './bundle/files/nfs.ts';
import { managementOpen } from './bundle/files/ports.ts';
import type { CloudStackNames } from './cloudstack.ts';
import type { Dialect } from './dialect.ts';
import type { Init } from './init.ts';
import { initOf } from './init.ts';
import { heredoc, shellWord } from './quote.ts';
import type { Step } from './sections/steps.ts';

/** What things are called: on the release, and in its CloudStack. */
export type FirstBootNames = { readonly dialect: Dialect; readonly cloudstack: CloudStackNames };

/** The steps; `secret` answers the value of each secret, checked before. */
export function firstBootSteps(
  install: Install,
  { dialect, cloudstack: names }: FirstBootNames,
  secret: (name: string) => string,
): readonly Step[] {
  const init = initOf(install.os);
  return [
    ...systemSteps(init, dialect),
    rootPasswordStep(init, secret('mysql-root')),
    databasesStep(install, names, secret),
    managementStep(names),
    ...storageSteps(install, dialect),
    ...usageSteps(install, names),
    {
      name: 'server',
      why: 'Set-up has started it; make sure.',
      commands: `${init.isRunning(names.service)} || ${init.start(names.service)}\n${init.enable(names.service)}`,
    },
  ];
}

const HOSTNAME_STEP: Step = {
  name: 'hostname',
  why: 'Set-up refuses a host whose name has no dot.',
  commands: `name=$(hostname --fqdn)
echo "this host is $name"
case $name in
  *.*) ;;
  *) exit 1 ;;
esac`,
};

const SELINUX_STEP: Step = {
  name: 'selinux',
  why: 'Set-up refuses to run while SELinux enforces.',
  commands: `if command -v getenforce >/dev/null 2>&1 && [ "$(getenforce)" = Enforcing ]; then
  setenforce 0
fi`,
};

function systemSteps(init: Init, { timeClient }: Dialect): readonly Step[] {
  return [
    HOSTNAME_STEP,
    SELINUX_STEP,
    {
      name: 'time',
      why: 'Hypervisors and management server need the same time.',
      commands: `${init.enable(timeClient.service)}\n${init.start(timeClient.service)}`,
    },
    {
      name: 'mysqld',
      why: 'The database server, with the configuration that was installed before its first start.',
      commands: `${init.enable('mysqld')}
${init.start('mysqld')}
tries=30
until mysqladmin ping >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || exit 1
  sleep 1
done`,
    },
  ];
}

// In the manual's order: exports and firewall before the NFS server starts.
function storageSteps({ os }: Install, { nfsService }: Dialect): readonly Step[] {
  const init = initOf(os);
  const services = ['rpcbind', nfsService];
  return [
    {
      name: 'exports',
      why: 'Primary and secondary storage.',
      commands: `mkdir -p ${STORAGE_DIRECTORIES.join(' ')}\nexportfs -a`,
    },
    init.kind === 'systemd' ? firewalldStep(os) : IPTABLES_STEP,
    {
      name: 'nfs',
      why: 'The NFS server.',
      commands: [...services.map(init.enable), ...services.map(init.start), 'exportfs -a'].join('\n'),
    },
  ];
}

const IPTABLES_STEP: Step = {
  name: 'firewall',
  why: 'The rules of /etc/sysconfig/iptables, with those that set-up has added.',
  commands: 'service iptables restart\nservice iptables save',
};

// Set-up adds rules by iptables, which end with the machine's next start and which firewalld's own overrule: nftables asks
// every table, and one that drops is enough.
function firewalldStep(os: Install['os']): Step {
  const ports = managementOpen(os).map(({ protocol, port }) => `--add-port=${port}/${protocol}`);
  return {
    name: 'firewall',
    why: "The zone for this network lies in /etc/firewalld; CloudStack's own ports are open from anywhere, as set-up wants them.",
    commands: `systemctl enable firewalld
systemctl start firewalld
firewall-cmd --permanent ${ports.join(' ')}
firewall-cmd --reload`,
  };
}

// Its package was installed before there was a key, and made links to where it would be: set-up has made it since.
function usageSteps(install: Install, { usage }: CloudStackNames): readonly Step[] {
  if (!install.packages.includes(usage.packageName)) return [];
  const init = initOf(install.os);
  return [
    {
      name: 'usage',
      why: 'The usage server, which shares the databases.',
      commands: `${init.enable(usage.service)}\n${init.start(usage.service)}`,
    },
  ];
}

// What mysql_secure_installation does. The password comes last: as long as root needs none, all of it is still to do.
function rootPasswordStep(init: Init, password: string): Step {
  const statements = `DELETE FROM mysql.user WHERE User='';
DELETE FROM mysql.user WHERE User='root' AND Host NOT IN ('localhost', '127.0.0.1', '::1');
DROP DATABASE IF EXISTS test;
DELETE FROM mysql.db WHERE Db='test' OR Db LIKE 'test\\_%';
${passwordStatements(init, sqlText(password))}`;
  return {
    name: 'mysql-root',
    why: "The database root's password; no anonymous users, no remote root, no test database.",
    commands: `if mysql -u root -e 'SELECT 1' >/dev/null 2>&1; then
${heredoc(statements, '| mysql -u root')}fi
MYSQL_PWD=${shellWord(password)} mysql -u root -e 'SELECT 1'`,
  };
}

// MySQL 8 has neither PASSWORD() nor the column of that name; 5.1 cannot ALTER USER. The account keeps its authentication
// plug-in, which is the one that the configuration names (bundle/files/mysql.ts).
function passwordStatements(init: Init, password: string): string {
  return init.kind === 'systemd'
    ? `FLUSH PRIVILEGES;\nALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';\n`
    : `UPDATE mysql.user SET Password=PASSWORD('${password}') WHERE User='root';\nFLUSH PRIVILEGES;\n`;
}

// Set-up prints the passwords it was given, and all its parameters when mysql fails: neither may get into the log, so what
// looks like one is hidden by its form, and what is one by its value. Its key file and the SQL it keeps for a moment would be
// readable by everybody. Pipes are safe here: it starts no daemon. That it is given secrets as arguments, and passes them on
// as such, is its own way and the only one it has; nobody but root is on the machine yet.
function databasesStep(install: Install, names: CloudStackNames, secret: (name: string) => string): Step {
  const hidden = SECRET_NAMES.map((name) => `s/${sedPattern(secret(name))}/(hidden)/g\n`).join('');
  return {
    name: 'databases',
    why: "CloudStack's databases, its user and the two keys; -i is the address that hypervisors and system VMs see.",
    commands: `set -o pipefail
hide=$(mktemp)
trap 'rm -f "$hide"' EXIT
${heredoc(hidden, '>"$hide"')}(umask 077 && ${databasesCommand(install, names, secret)}) 2>&1 |
  sed -e 's/password: *[^ ]*/password:(hidden)/' -e "s/'passwd': '[^']*'/'passwd': (hidden)/" -f "$hide"
chgrp cloud ${names.keyFile}
chmod 0640 ${names.keyFile}`,
  };
}

const SECRET_NAMES = ['cloud-db', 'mysql-root', 'cloud-management-key', 'cloud-database-key'];

// A basic regular expression that matches exactly `text` (POSIX 9.3), and holds no slash that would end it.
function sedPattern(text: string): string {
  return text.replaceAll(/[\\.[*^$/]/g, String.raw`\$&`);
}

// Its status is 0 even when it has failed. Its output goes through a file, because the daemon it starts might hold a pipe
// open for ever.
function managementStep(names: CloudStackNames): Step {
  return {
    name: 'management',
    why: 'The management server itself; this starts it. Only what it prints tells whether it went well.',
    commands: `out=$(mktemp)
trap 'rm -f "$out"' EXIT
${names.setupManagement} >"$out" 2>&1 || :
cat "$out"
grep -qi 'setup is done' "$out"`,
  };
}

function databasesCommand(install: Install, names: CloudStackNames, secret: (name: string) => string): string {
  const words = [
    names.setupDatabases,
    `cloud:${secret('cloud-db')}@localhost`,
    `--deploy-as=root:${secret('mysql-root')}`,
    '-e',
    'file',
    '-m',
    secret('cloud-management-key'),
    '-k',
    secret('cloud-database-key'),
    '-i',
    install.host.address,
  ];
  return words.map(shellWord).join(' ');
}

// Secrets have no quotes and backslashes; one that has got here all the same is a bug.
function sqlText(text: string): string {
  if (/['\\\u0000-\u001f]/.test(text)) throw new Error('a password that SQL would misread was let through');
  return text;
}
