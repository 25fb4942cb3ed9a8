# Completion of ovs for bash: `ovs completions bash` prints it, `ovs complete` answers it.

_ovs() {
    local answer ovs=${COMP_WORDS[0]/#\~/$HOME}
    # Behind an alias.
    type -P "$ovs" >/dev/null || ovs=ovs
    COMPREPLY=()
    mapfile -t answer < <(
        "$ovs" complete bash -- "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null
    )
    case ${answer[0]-} in
        files) compopt -o default 2>/dev/null ;;
        open) compopt -o nospace 2>/dev/null ;;
    esac
    COMPREPLY=("${answer[@]:1}")
}

# Without nosort bash sorts the answers itself; bash 4.4 and later know it.
complete -o nosort -F _ovs ovs 2>/dev/null || complete -F _ovs ovs
