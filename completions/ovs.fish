# Completion of ovs for fish: `ovs completions fish` prints it, `ovs complete` answers it.

function __ovs_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    # The word without its quotes, of which the last may be open.
    set -l current (string unescape -- "$typed"; or string unescape -- "$typed'"; or string unescape -- "$typed\"")
    set -l ovs (string replace -r '^~' "$HOME" -- $words[1])
    # Behind an alias.
    command -q -- $ovs; or set ovs ovs
    set -l answer (command $ovs complete fish -- $words[2..-1] "$current" 2>/dev/null </dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path "$typed"
        case space open
            printf '%s\n' $answer[2..-1]
    end
end

complete -c ovs -f -k -a '(__ovs_complete)'
