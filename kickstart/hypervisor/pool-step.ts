// The step by which a host joins its pool: it waits for the master, and keeps the password out of command lines. Shell text.

import { shellWord } from '../quote.ts';
import type { Step } from '../sections/steps.ts';
import type { Joining } from './pool.ts';

/**
 * `xe pool-join` has the password as a parameter alone. It goes by xe's environment, which root alone can read, and only for
 * an xe that does not take it so by its arguments. The master may still be installing: two hours are waited, unless it says
 * that no waiting will help.
 */
export function poolStep({ master, address, secret }: Joining, password: string): Step {
  const commands = `case $(cat /etc/xensource/pool.conf 2>/dev/null) in
  slave:*)
    echo 'it is in a pool already'
    exit 0
    ;;
esac
password=${shellWord(password)}
said=$(mktemp)
trap 'rm -f "$said"' EXIT
join() {
  if [ "$by_argument" = yes ]; then
    xe pool-join master-address=${address} master-username=root master-password="$password"
  else
    XE_EXTRA_ARGS="master-password=$password" xe pool-join master-address=${address} master-username=root
  fi
}
by_argument=no
tries=240
until join >"$said" 2>&1; do
  if [ "$by_argument" = no ] && grep -q 'master-password' "$said"; then
    by_argument=yes
    continue
  fi
  cat "$said"
  if grep -qi authentica "$said"; then
    echo ${shellWord(`${master} refuses the password in the secret ${secret}`)}
    exit 1
  fi
  if grep -qi homogen "$said"; then exit 1; fi
  tries=$((tries - 1))
  if [ "$tries" -le 0 ]; then
    echo ${shellWord(`${master} (${address}) did not take this host within two hours`)}
    exit 1
  fi
  sleep 30
done
cat "$said"`;
  return { name: 'pool', why: `The pool of ${master}.`, commands };
}
