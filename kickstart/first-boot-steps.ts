// The steps of a CloudStack management server's first boot, in the order of CloudStack's own installation manual.

import type { Install } from '../server/domain.ts';
import { STORAGE_DIRECTORIES } from './bundle/files/nfs.ts';
import type { CloudStackNames } from './cloudstack.ts';
import { heredoc, shellWord } from './quote.ts';
import type { Step } from './sections/steps.ts';

/** The steps; `secret` answers the value of each secret, checked before. */
export function firstBootSteps(
  install: Install,
  names: CloudStackNames,
  secret: (name: string) => string,
): readonly Step[] {
  return [
    ...SYSTEM_STEPS,
    rootPasswordStep(secret('mysql-root')),
    databasesStep(install, names, secret),
    managementStep(names),
    ...STORAGE_STEPS,
    {
      name: 'server',
      why: 'Set-up has started it; make sure.',
      commands: `service ${names.service} status || service ${names.service} start\nchkconfig ${names.service} on`,
    },
  ];
}

const SYSTEM_STEPS: readonly Step[] = [
  {
    name: 'hostname',
    why: 'Set-up refuses a host whose name has no dot.',
    commands: `name=$(hostname --fqdn)
echo "this host is $name"
case $name in
  *.*) ;;
  *) exit 1 ;;
esac`,
  },
  {
    name: 'selinux',
    why: 'Set-up refuses to run while SELinux enforces.',
    commands: `if command -v getenforce >/dev/null 2>&1 && [ "$(getenforce)" = Enforcing ]; then
  setenforce 0
fi`,
  },
  {
    name: 'time',
    why: 'Hypervisors and management server need the same time.',
    commands: 'chkconfig ntpd on\nservice ntpd start',
  },
  {
    name: 'mysqld',
    why: 'The database server, with the my.cnf that was installed before its first start.',
    commands: `chkconfig mysqld on
service mysqld start
tries=30
until mysqladmin ping >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || exit 1
  sleep 1
done`,
  },
];

// In the manual's order: exports and firewall before the NFS server starts.
const STORAGE_STEPS: readonly Step[] = [
  {
    name: 'exports',
    why: 'Primary and secondary storage.',
    commands: `mkdir -p ${STORAGE_DIRECTORIES.join(' ')}\nexportfs -a`,
  },
  {
    name: 'firewall',
    why: 'The rules of /etc/sysconfig/iptables, with those that set-up has added.',
    commands: 'service iptables restart\nservice iptables save',
  },
  {
    name: 'nfs',
    why: 'The NFS server.',
    commands: `chkconfig rpcbind on
chkconfig nfs on
service rpcbind start
service nfs start
exportfs -a`,
  },
];

// What mysql_secure_installation does. The password comes last: as long as root needs none, all of it is still to do.
function rootPasswordStep(password: string): Step {
  const statements = `DELETE FROM mysql.user WHERE User='';
DELETE FROM mysql.user WHERE User='root' AND Host NOT IN ('localhost', '127.0.0.1', '::1');
DROP DATABASE IF EXISTS test;
DELETE FROM mysql.db WHERE Db='test' OR Db LIKE 'test\\_%';
UPDATE mysql.user SET Password=PASSWORD('${sqlText(password)}') WHERE User='root';
FLUSH PRIVILEGES;
`;
  return {
    name: 'mysql-root',
    why: "The database root's password; no anonymous users, no remote root, no test database.",
    commands: `if mysql -u root -e 'SELECT 1' >/dev/null 2>&1; then
${heredoc(statements, '| mysql -u root')}fi
MYSQL_PWD=${shellWord(password)} mysql -u root -e 'SELECT 1'`,
  };
}

// Set-up prints the passwords it was given, and all its parameters when mysql fails: neither may get into the log. Its key
// file and the SQL it keeps for a moment would be readable by everybody. Pipes are safe here: it starts no daemon.
function databasesStep(install: Install, names: CloudStackNames, secret: (name: string) => string): Step {
  return {
    name: 'databases',
    why: "CloudStack's databases, its user and the two keys; -i is the address that hypervisors and system VMs see.",
    commands: `set -o pipefail
(umask 077 && ${databasesCommand(install, names, secret)}) 2>&1 |
  sed -e 's/password: *[^ ]*/password:(hidden)/' -e "s/'passwd': '[^']*'/'passwd': (hidden)/"
chgrp cloud ${names.keyFile}
chmod 0640 ${names.keyFile}`,
  };
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
