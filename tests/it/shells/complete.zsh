# What zsh offers for the line $2 after the script $1, which a zsh on a terminal of its own is asked
# for by TAB: the words that match, one a line.
zmodload zsh/zpty
zpty shell "TERM=xterm zsh -f -i"
zpty -w shell "source ${(q)3} ${(q)1}"
zpty -r -m shell out $'*READY*' || exit 1
zpty -w -n shell "$2"$'\t'
zpty -r -m shell out '*>>>*' || exit 1
print -r -- "${${out##*<<<}%%>>>*}" | tr -d '\r'
zpty -d shell
