/**
 * A function of POSIX shells: `sweep SESSION...` ends every process of these sessions but the shell itself, and whatever
 * those started that has left them, as long as it is still known who started it. Only Linux tells that (`/proc`); elsewhere
 * it ends nothing, and whoever calls it ends the groups that it knows.
 */
export const SWEEP = `sweep() {
  sessions=" $* " ends=' ' others=
  for stat in /proc/[0-9]*/stat; do
    { IFS= read -r line <"$stat"; } 2>/dev/null || continue
    pid=\${line%% *}
    [ "$pid" != $$ ] || continue
    # Behind the name, which is in parentheses and may have any characters: state, parent, group, session.
    set -- \${line##*) }
    case $sessions in *" $4 "*) ends="$ends$pid " ;; *) others="$others $pid:$2" ;; esac
  done
  more=yes
  while [ -n "$more" ]; do
    more=
    for other in $others; do
      case $ends in *" \${other%:*} "*) continue ;; esac
      case $ends in *" \${other#*:} "*) ends="$ends\${other%:*} " more=yes ;; esac
    done
  done
  [ "$ends" = ' ' ] || kill -KILL $ends 2>/dev/null
}`;
