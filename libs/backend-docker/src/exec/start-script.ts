/**
 * Runs in the guest before a program takes its place, as /bin/sh: tells its process number, or why nothing is started,
 * as the first line of output. Constant text; what varies comes as arguments: folder, columns, rows, then the program's.
 */
export const startScript = `if [ "$2" -gt 0 ]; then stty cols "$2" rows "$3" 2>/dev/null; fi
cd -- "$1" 2>/dev/null || { echo '!folder'; exit 126; }
shift 3
unset OLDPWD
case "$1" in
*/*) [ -e "$1" ] || { echo '!missing'; exit 127; }
  [ -f "$1" ] && [ -x "$1" ] || { echo '!denied'; exit 126; } ;;
*) command -v "$1" >/dev/null 2>&1 || { echo '!missing'; exit 127; } ;;
esac
echo "$$"
exec "$@"`;

/** Signals a process and what is in its group, else the process alone. */
export const killScript = `kill -s "$1" -- "-$2" 2>/dev/null || kill -s "$1" "$2"`;
