# Completion of ovs for elvish: `ovs completions elvish` prints it, `ovs complete` answers it.

use str

set edit:completion:arg-completer[ovs] = {|@words|
    var answer = [(try { (external $words[0]) complete elvish -- (all $words[1..]) 2>/dev/null </dev/null | from-lines } catch e { nop })]
    if (> (count $answer) 0) {
        if (eq $answer[0] files) {
            edit:complete-filename $words[-1]
        } else {
            var suffix = (if (eq $answer[0] space) { put ' ' } else { put '' })
            for line $answer[1..] {
                var parts = [(str:split "\t" $line)]
                var display = (str:join '  -- ' $parts)
                edit:complex-candidate $parts[0] &display=$display &code-suffix=$suffix
            }
        }
    }
}
