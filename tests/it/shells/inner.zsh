# The zsh on the terminal: says what matches instead of showing it.
PROMPT=
unsetopt prompt_cr prompt_sp beep
autoload -Uz compinit
compinit -D -u
source "$1"
compadd() {
    local -a matching
    builtin compadd -O matching "$@"
    print -r -- "<<<${(F)matching}>>>"
}
_files() { print -r -- '<<<(files)>>>'; }
bindkey '^I' complete-word
print REA''DY
