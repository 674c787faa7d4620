// MySQL as a CloudStack management server needs it: /etc/my.cnf up to EL6, a drop-in in /etc/my.cnf.d from EL7.

import type { ConfigFile, Install } from '../../../server/domain.ts';

// max_connections is 350 for each management server. The binary log is there for replication later.
const CLOUDSTACK = [
  'innodb_rollback_on_timeout=1',
  'innodb_lock_wait_timeout=600',
  'max_connections=350',
  'log-bin=mysql-bin',
  "binlog-format='ROW'",
];

/** The whole of EL6's my.cnf, or only CloudStack's settings where the stock file reads a directory of drop-ins. */
export function mysqlFile(install: Install): ConfigFile {
  return install.os.major >= 7 ? dropIn() : myCnf();
}

function myCnf(): ConfigFile {
  const lines = [
    '[mysqld]',
    'datadir=/var/lib/mysql',
    'socket=/var/lib/mysql/mysql.sock',
    'user=mysql',
    'symbolic-links=0',
    ...CLOUDSTACK,
    '',
    '[mysqld_safe]',
    'log-error=/var/log/mysqld.log',
    'pid-file=/var/run/mysqld/mysqld.pid',
  ];
  return { path: '/etc/my.cnf', mode: 0o644, text: `${lines.join('\n')}\n` };
}

// From MySQL 5.7 on a binary log needs a server id. MySQL 8.0's own default of authentication asks for TLS or a public key
// at a new user's first entry, which not each of CloudStack's clients gives: its developers test with this one
// (apache/cloudstack#4051), and RHEL 8 sets it by itself. MySQL 8.4 has no such option; `loose` makes that a warning there
// (MySQL manual, "Program Option Modifiers").
function dropIn(): ConfigFile {
  const lines = ['[mysqld]', 'server-id=1', ...CLOUDSTACK, 'loose-default-authentication-plugin=mysql_native_password'];
  return { path: '/etc/my.cnf.d/cloudstack.cnf', mode: 0o644, text: `${lines.join('\n')}\n` };
}
