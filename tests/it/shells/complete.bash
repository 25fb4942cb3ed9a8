# What bash would offer for the line $2 after the script $1: one a line, nospace marked.
source "$1"
complete -p ovs >/dev/null || exit 1
compopt() { [ "$1 $2" = '-o nospace' ] && echo '(open)'; [ "$1 $2" = '-o default' ] && echo '(files)'; }
COMP_LINE=$2
COMP_POINT=${#2}
COMP_WORDS=(ovs)
COMP_CWORD=1
_ovs
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
