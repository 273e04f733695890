# ~/.bashrc: what an interactive bash reads first. As Debian's own, except that nothing in it starts a
# process or reads a large file: a fresh machine shows its first prompt half a second sooner.

case $- in
*i*) ;;
*) return ;;
esac

HISTCONTROL=ignoreboth
HISTSIZE=5000
HISTFILESIZE=10000
shopt -s histappend checkwinsize

PS1='\[\e]0;\u@\h: \w\a\]\[\e[01;32m\]\u@\h\[\e[00m\]:\[\e[01;34m\]\w\[\e[00m\]\$ '

# Colours of ls, as `dircolors -b` says them.
if [ -r /etc/dircolors.sh ]; then
	. /etc/dircolors.sh
	alias ls='ls --color=auto'
	alias grep='grep --color=auto'
fi
alias ll='ls -l'

if [ -f ~/.bash_aliases ]; then
	. ~/.bash_aliases
fi

# Completion of arguments is a long program. It is read when the Tab key first asks for it.
if [ -r /usr/share/bash-completion/bash_completion ] && ! shopt -oq posix; then
	_read_completion() {
		complete -r -D
		. /usr/share/bash-completion/bash_completion
		return 124 # ask again
	}
	complete -D -F _read_completion
fi
